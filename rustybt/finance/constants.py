"""Numbers that commission, slippage and risk models take for granted."""

from __future__ import annotations

TRADING_DAYS_IN_YEAR = 250
TRADING_HOURS_IN_DAY = 6.5
MINUTES_IN_HOUR = 60

# Periods in a year, for each frequency of returns.
ANNUALIZER = {
    "daily": TRADING_DAYS_IN_YEAR,
    "hourly": TRADING_DAYS_IN_YEAR * TRADING_HOURS_IN_DAY,
    "minute": TRADING_DAYS_IN_YEAR * TRADING_HOURS_IN_DAY * MINUTES_IN_HOUR,
}

# Market impact of a futures contract that no eta is known for.
DEFAULT_ETA = 0.049018143225019836

# Root symbol: exchange fee in dollars a trade, eta of `slippage.VolatilityVolumeShare`.
_FUTURES = {
    "AD": (1.60, DEFAULT_ETA),  # AUD
    "AI": (0.96, DEFAULT_ETA),  # Bloomberg Commodity Index
    "BD": (1.50, 0.050346811117733474),  # Big Dow
    "BO": (1.95, 0.0549309950700463),  # Soybean Oil
    "BP": (1.60, 0.04784154423871634),  # GBP
    "CD": (1.60, 0.05112442064025072),  # CAD
    "CL": (1.50, 0.04852544628414196),  # Crude Oil
    "CM": (1.03, 0.052683478163348625),  # Corn e-mini
    "CN": (1.95, 0.05349971839003781),  # Corn
    "DJ": (1.50, 0.02313009072076987),  # Dow Jones
    "EC": (1.60, 0.04885131067661861),  # Euro FX
    "ED": (1.25, 0.09418429709024576),  # Eurodollar
    "EE": (1.50, 0.048713151357687556),  # Euro FX e-mini
    "EI": (1.50, 0.03171270843969266),  # MSCI Emerging Markets mini
    "EL": (1.50, 0.04420742201820936),  # Eurodollar NYSE LIFFE
    "ER": (0.65, 0.04593056773771131),  # Russell2000 e-mini
    "ES": (1.18, 0.0473044183219935),  # SP500 e-mini
    "ET": (1.50, DEFAULT_ETA),  # Ethanol
    "EU": (1.50, 0.049750396084029064),  # Eurodollar e-micro
    "FC": (2.03, 0.058728734202178494),  # Feeder Cattle
    "FF": (0.96, 0.04897059152762404),  # 3-Day Federal Funds
    "FI": (0.56, 0.03347717673817077),  # Deliverable Interest Rate Swap 5y
    "FS": (1.50, 0.034557788010453824),  # Interest Rate Swap 5y
    "FV": (0.65, 0.04654442771605696),  # US 5y
    "GC": (1.50, 0.04893331354612521),  # Gold
    "HG": (1.50, 0.0522384175249878),  # Copper
    "HO": (1.50, 0.04506131841215606),  # Heating Oil
    "HU": (1.50, 0.017154313062463938),  # Unleaded Gasoline
    "JE": (0.16, 0.013948949613401812),  # JPY e-mini
    "JY": (1.60, DEFAULT_ETA),  # JPY
    "LB": (2.03, 0.06146586386903994),  # Lumber
    "LC": (2.03, 0.05585380186285862),  # Live Cattle
    "LH": (2.03, 0.05755700463021978),  # Lean Hogs
    "MB": (1.50, DEFAULT_ETA),  # Municipal Bonds
    "MD": (1.50, DEFAULT_ETA),  # SP400 Midcap
    "ME": (1.60, 0.030383767727818548),  # MXN
    "MG": (1.50, 0.029579261656151684),  # MSCI EAFE mini
    "MI": (1.18, 0.041026288873007355),  # SP400 Midcap e-mini
    "MS": (1.03, DEFAULT_ETA),  # Soybean e-mini
    "MW": (1.03, 0.052579919663880245),  # Wheat e-mini
    "ND": (1.50, DEFAULT_ETA),  # Nasdaq100
    "NG": (1.50, 0.047897809233755716),  # Natural Gas
    "NK": (2.15, 0.04455543505479143),  # Nikkei225
    "NQ": (1.18, 0.044772425085977945),  # Nasdaq100 e-mini
    "NZ": (1.60, 0.04917041807387204),  # NZD
    "OA": (1.95, 0.05697326723277552),  # Oats
    "PA": (1.50, DEFAULT_ETA),  # Palladium
    "PB": (1.50, DEFAULT_ETA),  # Pork Bellies
    "PL": (1.50, 0.05457937966564749),  # Platinum
    "QG": (0.50, DEFAULT_ETA),  # Natural Gas e-mini
    "QM": (1.20, DEFAULT_ETA),  # Crude Oil e-mini
    "RM": (1.50, 0.037425041244579654),  # Russell1000 e-mini
    "RR": (1.95, DEFAULT_ETA),  # Rough Rice
    "SB": (2.10, 0.057388160345668134),  # Sugar
    "SF": (1.60, 0.047784825569615726),  # CHF
    "SM": (1.95, 0.04855286055984422),  # Soybean Meal
    "SP": (2.40, DEFAULT_ETA),  # SP500
    "SV": (1.50, 0.05269143503993111),  # Silver
    "SY": (1.95, 0.05204170365728161),  # Soybean
    "TB": (1.50, DEFAULT_ETA),  # Treasury Bills
    "TN": (0.56, 0.0333634653652625),  # Deliverable Interest Rate Swap 10y
    "TS": (1.50, 0.03290887845506915),  # Interest Rate Swap 10y
    "TU": (1.50, 0.0638676460638408),  # US 2y
    "TY": (0.75, 0.050586988554700826),  # US 10y
    "UB": (0.85, DEFAULT_ETA),  # Ultra Tbond
    "US": (0.80, 0.04798417987359072),  # US 30y
    "VX": (1.50, DEFAULT_ETA),  # VIX
    "WC": (1.95, 0.05263654211932924),  # Wheat
    "XB": (1.50, 0.044444916388854484),  # RBOB Gasoline
    "XG": (0.75, DEFAULT_ETA),  # Gold e-mini
    "YM": (1.50, DEFAULT_ETA),  # Dow Jones e-mini
    "YS": (0.75, DEFAULT_ETA),  # Silver e-mini
}

FUTURE_EXCHANGE_FEES_BY_SYMBOL = {symbol: fee for symbol, (fee, _) in _FUTURES.items()}
ROOT_SYMBOL_TO_ETA = {symbol: eta for symbol, (_, eta) in _FUTURES.items()}
