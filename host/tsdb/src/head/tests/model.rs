//! The head against a plain list of samples by series, through any sequence of what can happen to it.

use std::collections::BTreeMap;

use ballast_types::series::stale_nan;
use ballast_types::{Found, Matcher, Selection, Want, WindowSummary};
use proptest::prelude::*;

use super::*;

/// What happens to a head, for a model to follow.
#[derive(Clone, Debug)]
enum Step {
    Append(u8, i64, f64),
    Forget(i64),
    Move(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let value = prop_oneof![
        8 => (-5i32..40).prop_map(f64::from),
        1 => Just(stale_nan()),
        1 => prop::sample::select(vec![0.25, 1e9, f64::NAN, f64::INFINITY, -0.0]),
    ];
    prop_oneof![
        200 => (0u8..3, -30i64..12, value).prop_map(|(series, at, value)| Step::Append(series, at, value)),
        1 => (0i64..600).prop_map(Step::Forget),
        1 => (0i64..600).prop_map(Step::Move),
    ]
}

type Model = BTreeMap<u8, BTreeMap<i64, f64>>;

/// Times are steps from the newest, so that most samples are in order.
fn run(steps: &[Step]) -> (Head, Model) {
    let mut head = head(HeadOptions { out_of_order_ms: 20, ..options() });
    let (mut model, mut newest) = (Model::new(), BTreeMap::<u8, i64>::new());
    for step in steps {
        match *step {
            Step::Append(series, at, value) => {
                let at = newest.get(&series).copied().unwrap_or(40) + at;
                if let Verdict::Append { .. } =
                    append(&mut head, &labels(&series.to_string()), sample(at, value))
                {
                    assert_eq!(model.entry(series).or_default().insert(at, value), None);
                    let newest = newest.entry(series).or_insert(at);
                    *newest = (*newest).max(at);
                }
            }
            Step::Forget(at) => {
                head.forget_before(ms(at));
                model.values_mut().for_each(|samples| *samples = samples.split_off(&at));
            }
            Step::Move(at) => {
                move_before(&mut head, at);
                head.forget_before(ms(at));
                model.values_mut().for_each(|samples| *samples = samples.split_off(&at));
            }
        }
    }
    model.retain(|_, samples| !samples.is_empty());
    (head, model)
}

fn close(a: f64, b: f64, scale: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()) || a == b || (a - b).abs() <= 1e-12 * scale
}

fn assert_alike(found: Option<WindowSummary>, samples: &[Sample]) {
    let expected = WindowSummary::of(samples);
    let scale: f64 = samples.iter().map(|s| s.value.abs()).filter(|v| v.is_finite()).sum();
    match (found, expected) {
        (Some(a), Some(b)) => {
            assert_eq!((a.count, a.resets, a.changes), (b.count, b.resets, b.changes));
            assert_eq!((a.first.at, a.last.at), (b.first.at, b.last.at));
            let exact = [(a.first.value, b.first.value), (a.last.value, b.last.value)];
            assert!(exact.iter().all(|(a, b)| a.to_bits() == b.to_bits()));
            let extremes = [(a.min, b.min), (a.max, b.max)];
            assert!(extremes.iter().all(|(a, b)| a == b || (a.is_nan() && b.is_nan())));
            assert!(close(a.total(), b.total(), scale), "{a:?} {b:?}");
            assert!(close(a.increase(), b.increase(), scale), "{a:?} {b:?}");
        }
        (a, b) => assert_eq!(a, b),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn the_head_holds_what_it_accepted(steps in prop::collection::vec(step(), 0..600)) {
        let (head, model) = run(&steps);
        prop_assert_eq!(head.len(), model.len());
        prop_assert_eq!(head.sample_count(), model.values().map(BTreeMap::len).sum::<usize>());
        for (series, samples) in &model {
            let expected: Vec<(i64, u64)> = samples.iter().map(|(at, value)| (*at, value.to_bits())).collect();
            prop_assert_eq!(samples_of(&head, &labels(&series.to_string())), expected);
        }
    }

    #[test]
    fn windows_come_to_what_their_samples_come_to(
        steps in prop::collection::vec(step(), 0..600),
        windows in prop::collection::vec((-50i64..900, 0i64..700), 1..20),
        rising in any::<bool>(),
    ) {
        let (head, model) = run(&steps);
        let mut windows: Vec<TimeRange> = windows.iter().map(|(at, length)| range(*at, at + length)).collect();
        if rising {
            windows = (0..20).map(|i| range(windows[0].start.as_millis() + i, windows[0].end.as_millis() + 2 * i)).collect();
        }
        let selection = Selection { matchers: &[], range: ALL_TIME, want: Want::Windows(&windows) };
        let found = head.read(&[selection], 100_000).unwrap();
        let [Found::Windows(found)] = found.as_slice() else { panic!("windows were asked for") };
        prop_assert_eq!(found.len(), model.len());
        for (series, samples) in found.iter().zip(model.values()) {
            let all: Vec<Sample> = samples.iter().map(|(at, value)| sample(*at, *value)).collect();
            let id = head.matching(&[Matcher::equal("series", series.labels.get("series").unwrap())])[0];
            for (window, found) in windows.iter().zip(&series.windows) {
                let within: Vec<Sample> = all.iter().copied().filter(|s| window.contains(s.at)).collect();
                assert_alike(*found, &within);
                assert_alike(head.series(id).unwrap().window_of(*window), &within);
                let latest = head.series(id).unwrap().latest_in(*window).map(|s| (s.at, s.value.to_bits()));
                prop_assert_eq!(latest, within.last().map(|s| (s.at, s.value.to_bits())));
            }
        }
    }
}
