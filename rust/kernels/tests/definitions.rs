//! Kernels against the definitions of what they compute, window by window.

use ndarray::{Array2, Axis, s};
use rustybt_kernels::{
    Atr, Comoment, Comoments, CumulativeReturns, Decay, Drawdown, EwmMean, EwmVar, Extrema,
    Extremum, Macd, Median, Moment, Moments, Recursion, Rolling, Rsi, Sum, Sums, Window, roll,
    sweep,
};

/// Marsaglia's xorshift: repeatable values without a dependency.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        // Multiples of 1/64 below 1000: their sums are exact.
        f64::from(u32::try_from(self.0 % 64_000).expect("small")) / 64.0
    }

    fn matrix(&mut self, rows: usize, columns: usize, gaps: bool) -> Array2<f64> {
        Array2::from_shape_fn((rows, columns), |_| {
            let value = self.next();
            if gaps && value < 50.0 {
                f64::NAN
            } else {
                value
            }
        })
    }
}

fn rolled(kernel: &impl Rolling<1>, x: &Array2<f64>, window: Window) -> Array2<f64> {
    let mut out = Array2::zeros(x.dim());
    roll(kernel, &[x.view()], window, out.view_mut());
    out
}

fn swept(kernel: &impl Recursion<1, 1>, x: &Array2<f64>) -> Array2<f64> {
    let mut out = Array2::zeros(x.dim());
    sweep(kernel, &[x.view()], [out.view_mut()]);
    out
}

fn same(a: f64, b: f64, tolerance: f64) -> bool {
    (a.is_nan() && b.is_nan()) || (a - b).abs() <= tolerance * b.abs().max(1.0)
}

/// Holds a kernel against `define`, which gets the present values of a window.
fn check(kernel: &impl Rolling<1>, tolerance: f64, define: impl Fn(&[f64]) -> f64) {
    let mut noise = Noise(7);
    for (rows, columns) in [(1, 1), (40, 1), (300, 3), (90, 70)] {
        for gaps in [false, true] {
            let x = noise.matrix(rows, columns, gaps);
            for (length, periods) in [(1, 1), (2, 1), (4, 4), (7, 3), (20, 20), (33, 5)] {
                let Ok(window) = Window::new(length, Some(periods), rows) else {
                    continue;
                };
                let result = rolled(kernel, &x, window);
                for ((row, column), value) in result.indexed_iter() {
                    let first = (row + 1).saturating_sub(length);
                    let seen: Vec<f64> = x
                        .slice(s![first..=row, column])
                        .iter()
                        .copied()
                        .filter(|value| !value.is_nan())
                        .collect();
                    let expected = if seen.len() < periods {
                        f64::NAN
                    } else {
                        define(&seen)
                    };
                    assert!(
                        same(*value, expected, tolerance),
                        "({row}, {column}) of {rows} x {columns}, window {length}: \
                         {value} is not {expected}"
                    );
                }
            }
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn variance(values: &[f64]) -> f64 {
    let centre = mean(values);
    let squares: f64 = values.iter().map(|value| (value - centre).powi(2)).sum();
    if values.len() > 1 {
        squares / (values.len() as f64 - 1.0)
    } else {
        f64::NAN
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    f64::midpoint(sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2])
}

#[test]
fn sums_are_exact_where_sums_can_be() {
    check(&Sums(Sum::Sum), 0.0, |values| values.iter().sum());
}

#[test]
fn means() {
    check(&Sums(Sum::Mean), 1e-14, mean);
}

#[test]
fn extrema_are_exact() {
    let least = |values: &[f64]| values.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = |values: &[f64]| values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    check(&Extrema(Extremum::Min), 0.0, least);
    check(&Extrema(Extremum::Max), 0.0, greatest);
}

#[test]
fn medians_are_exact() {
    check(&Median, 0.0, median);
}

#[test]
fn variances_and_deviations() {
    check(
        &Moments {
            moment: Moment::Var,
            ddof: 1,
        },
        1e-11,
        variance,
    );
    check(
        &Moments {
            moment: Moment::Std,
            ddof: 1,
        },
        1e-11,
        |values| variance(values).sqrt(),
    );
}

#[test]
fn medians_of_long_windows() {
    let x = Noise(3).matrix(5000, 1, true);
    for length in [1024, 2500] {
        let window = Window::new(length, Some(length / 2), 5000).expect("a good window");
        let result = rolled(&Median, &x, window);
        for row in (length - 1..5000).step_by(97) {
            let seen: Vec<f64> = x
                .slice(s![row + 1 - length..=row, 0])
                .iter()
                .copied()
                .filter(|v| !v.is_nan())
                .collect();
            assert!(same(result[[row, 0]], median(&seen), 0.0), "row {row}");
        }
    }
}

#[test]
fn comoments_of_a_series_with_itself() {
    let x = Noise(11).matrix(400, 5, true);
    let window = Window::new(20, Some(10), 400).expect("a good window");
    let variances = rolled(
        &Moments {
            moment: Moment::Var,
            ddof: 1,
        },
        &x,
        window,
    );
    for (comoment, ddof) in [(Comoment::Cov, 1), (Comoment::Corr, 0), (Comoment::Beta, 0)] {
        let mut out = Array2::zeros(x.dim());
        roll(
            &Comoments { comoment, ddof },
            &[x.view(), x.view()],
            window,
            out.view_mut(),
        );
        for (value, variance) in out.iter().zip(&variances) {
            let expected = match comoment {
                Comoment::Cov => *variance,
                _ => variance / variance,
            };
            assert!(
                same(*value, expected, 1e-12),
                "{comoment:?}: {value} is not {expected}"
            );
        }
    }
}

#[test]
fn a_column_gives_what_it_gives_alone() {
    let x = Noise(5).matrix(700, 70, true);
    let window = Window::new(20, Some(3), 700).expect("a good window");
    let decay = |adjust| Decay::new(0.1, adjust, false, 1).expect("a good decay");
    let alone = |column: usize| x.slice(s![.., column..=column]).to_owned();
    for column in [0, 31, 32, 69] {
        let series = alone(column);
        let bits = |matrix: &Array2<f64>| -> Vec<u64> {
            let column = if matrix.ncols() == 1 { 0 } else { column };
            matrix
                .column(column)
                .iter()
                .map(|value| value.to_bits())
                .collect()
        };
        assert_eq!(
            bits(&rolled(&Sums(Sum::Mean), &x, window)),
            bits(&rolled(&Sums(Sum::Mean), &series, window))
        );
        let kernel = Moments {
            moment: Moment::ZScore,
            ddof: 1,
        };
        assert_eq!(
            bits(&rolled(&kernel, &x, window)),
            bits(&rolled(&kernel, &series, window))
        );
        for adjust in [false, true] {
            let kernel = EwmMean(decay(adjust));
            assert_eq!(bits(&swept(&kernel, &x)), bits(&swept(&kernel, &series)));
        }
        let kernel = EwmVar {
            decay: decay(true),
            bias: false,
        };
        assert_eq!(bits(&swept(&kernel, &x)), bits(&swept(&kernel, &series)));
        assert_eq!(
            bits(&swept(&Rsi::new(window), &x)),
            bits(&swept(&Rsi::new(window), &series))
        );
    }
}

#[test]
fn a_plain_exponential_mean_is_its_recursion() {
    let x = Noise(13).matrix(2000, 3, false);
    let decay = Decay::new(0.25, false, false, 1).expect("a good decay");
    let result = swept(&EwmMean(decay), &x);
    for (out, values) in result.axis_iter(Axis(1)).zip(x.axis_iter(Axis(1))) {
        let mut expected = values[0];
        for (row, (value, out)) in values.iter().zip(out).enumerate() {
            expected = if row == 0 {
                *value
            } else {
                0.75 * expected + 0.25 * value
            };
            assert!(
                same(*out, expected, 1e-13),
                "row {row}: {out} is not {expected}"
            );
        }
    }
}

#[test]
fn indicators_of_a_straight_line() {
    let x = Array2::from_shape_fn((50, 2), |(row, column)| (row + 10 * column + 1) as f64);
    let window = Window::new(5, None, 50).expect("a good window");
    let index = swept(&Rsi::new(window), &x);
    assert!(index.slice(s![..5, ..]).iter().all(|value| value.is_nan()));
    assert!(index.slice(s![5.., ..]).iter().all(|value| *value == 100.0));

    let mut range = Array2::zeros(x.dim());
    let (high, low) = (&x + 1.0, &x - 2.0);
    sweep(
        &Atr::new(window),
        &[high.view(), low.view(), x.view()],
        [range.view_mut()],
    );
    assert!(
        range
            .slice(s![5.., ..])
            .iter()
            .all(|value| same(*value, 3.0, 1e-14))
    );

    let mut lines = [0, 1, 2].map(|_| Array2::zeros(x.dim()));
    let kernel = Macd::new(2, 5, 3, 5).expect("good spans");
    sweep(
        &kernel,
        &[x.view()],
        lines.each_mut().map(|line| line.view_mut()),
    );
    // A line of slope 1 is lagged by (span - 1) / 2 rows: 2 - 0.5.
    assert!(same(lines[0][[49, 0]], 1.5, 1e-6));
    assert!(same(
        lines[2][[49, 0]],
        lines[0][[49, 0]] - lines[1][[49, 0]],
        0.0
    ));

    assert!(
        swept(&Drawdown { min_periods: 1 }, &x)
            .iter()
            .all(|value| *value == 0.0)
    );
    let doubled = swept(
        &CumulativeReturns { min_periods: 1 },
        &Array2::ones((10, 2)),
    );
    assert_eq!(doubled[[9, 1]], 1023.0);
}

#[test]
fn bad_parameters_are_named() {
    let message = |result: Result<Window, rustybt_kernels::Error>| {
        result.expect_err("must be refused").to_string()
    };
    assert!(message(Window::new(0, None, 5)).contains("at least 1"));
    assert!(message(Window::new(6, None, 5)).contains("larger than the 5 rows"));
    assert!(message(Window::new(5, Some(6), 5)).contains("between 1 and the window of 5"));
    assert!(message(Window::new(5, Some(0), 5)).contains("got 0"));
    assert!(
        Window::new(5, None, 0).is_ok(),
        "an empty array has room for any window"
    );
    for alpha in [0.0, -1.0, 1.5, f64::NAN] {
        assert!(Decay::new(alpha, true, false, 1).is_err());
    }
    assert!(Macd::new(5, 5, 3, 1).is_err());
    assert!(Macd::new(2, 5, 3, 0).is_err());
}

#[test]
fn tiles_of_long_windows_are_narrow() {
    let moments = Moments {
        moment: Moment::Std,
        ddof: 1,
    };
    for window in [1, 20, 4096, 50_000, 3_000_000, usize::MAX] {
        for columns in [0, 1, 500] {
            let tile = moments.shape(window, columns);
            assert!((1..=64).contains(&tile.lanes));
            let before = window.saturating_mul(tile.lanes);
            assert!(before <= window.max(1 << 18));
            assert!(tile.rows >= window);
            assert!((1..=tile.lanes).contains(&Median.shape(window, columns).lanes));
        }
    }
}
