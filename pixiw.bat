@echo off
rem Runs the tasks of pixi.toml with or without pixi (docs/pixiw.md). Only the search for a
rem Python is here; all else is in tools\pixiw.
setlocal enableextensions disabledelayedexpansion
set "here=%~dp0"
set "main=%here%tools\pixiw\__main__.py"
set "probe=import sys; sys.exit(3) if sys.implementation.name != 'cpython' or sys.version_info[:2] < (3, 11) else None; import ensurepip, venv"
set "found="

if exist "%here%.pixi\pixiw\interpreter" (
  set /p found=<"%here%.pixi\pixiw\interpreter"
)
if defined found if exist "%found%" goto start
set "found="

for %%v in (3.14 3.13 3.12 3.11) do call :launcher %%v
if defined found goto start
for %%n in (python3.exe python.exe) do for /f "delims=" %%p in ('where %%n 2^>nul') do call :try "%%p"
if defined found goto start
for /d %%d in ("%USERPROFILE%\.pyenv\pyenv-win\versions\*" "%APPDATA%\uv\python\*") do call :try "%%d\python.exe"
if defined found goto start

rem pixi itself checks requires-pixi, so that it can be called unseen.
where pixi >nul 2>nul && (
  pixi %*
  exit /b
)
if exist "%USERPROFILE%\.pixi\bin\pixi.exe" (
  "%USERPROFILE%\.pixi\bin\pixi.exe" %*
  exit /b
)
echo pixiw: no Python 3.11 or newer on PATH, known to the py launcher, or in pyenv's or uv's folders; install one from the Microsoft Store or with: winget install Python.Python.3.13 1>&2
exit /b 1

:launcher
if defined found exit /b
for /f "delims=" %%p in ('py -%1 -I -c "import sys; print(sys.executable)" 2^>nul') do call :try "%%p"
exit /b

:try
if defined found exit /b
if not exist "%~1" exit /b
"%~1" -I -c "%probe%" >nul 2>nul && set "found=%~1"
exit /b

:start
"%found%" -I "%main%" %*
exit /b
