//! Chunks give back the bits that they were made of, are small, and survive any bytes.

use super::*;
use ballast_types::series::stale_nan;
use proptest::prelude::*;
use rstest::rstest;

const ALL_TIME: TimeRange = TimeRange { start: Timestamp::MIN, end: Timestamp::MAX };

fn at(ms: i64, value: f64) -> Sample {
    Sample { at: Timestamp::from_millis(ms), value }
}

fn bits(samples: &[Sample]) -> Vec<(i64, u64)> {
    samples.iter().map(|sample| (sample.at.as_millis(), sample.value.to_bits())).collect()
}

/// Samples every 15 seconds.
fn steady(value: impl Fn(u64) -> f64) -> Vec<Sample> {
    (0..120).map(|i| at(1_700_000_000_000 + 15_000 * i, value(i as u64))).collect()
}

/// A different number for each place, the same in each run.
fn noise(place: u64) -> u64 {
    place.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

#[rstest]
#[case::constant(steady(|_| 42.0), 0.2)]
#[case::constant_fraction(steady(|_| 0.1 + 0.2), 0.25)]
#[case::steady_counter(steady(|i| (1_000_000 + 150 * i) as f64), 0.2)]
#[case::counter(steady(|i| (1_000_000 + 150 * i + noise(i) % 100) as f64), 1.25)]
#[case::rare_counter(steady(|i| (i / 40) as f64), 0.3)]
#[case::gauge(steady(|i| (300 + noise(i) % 60) as f64), 1.0)]
#[case::decimals(steady(|i| (1000 + noise(i) % 900) as f64 / 100.0), 1.5)]
#[case::markers(steady(|i| if i % 60 == 59 { stale_nan() } else { 7.0 }), 0.4)]
#[case::single_floats(steady(|i| f64::from(noise(i) as f32)), 4.1)]
#[case::floats(steady(|i| 1.0 + (noise(i) >> 11) as f64 / (1u64 << 53) as f64), 6.8)]
#[case::idle_sum(steady(|i| (i / 4) as f64 * std::f64::consts::PI), 2.5)]
fn chunks_are_small(#[case] samples: Vec<Sample>, #[case] bytes_per_sample_max: f64) {
    let chunk = Chunk::encode(&samples).unwrap();
    assert_eq!(bits(&chunk.samples()), bits(&samples));
    let bytes_per_sample = chunk.bytes().len() as f64 / samples.len() as f64;
    assert!(bytes_per_sample <= bytes_per_sample_max, "{bytes_per_sample}");
}

#[test]
fn jitter_and_a_gap_cost_little() {
    let time = |i: i64| 15_000 * i + (noise(i as u64) % 5) as i64 + if i > 60 { 600_000 } else { 0 };
    let samples: Vec<Sample> = (0..120).map(|i| at(time(i), 1.0)).collect();
    assert!(Chunk::encode(&samples).unwrap().bytes().len() < 80);
}

#[test]
fn no_sample_and_too_many_are_no_chunk() {
    let samples: Vec<Sample> = (0..256).map(|i| at(i, 0.0)).collect();
    assert_eq!(Chunk::encode(&[]), None);
    assert_eq!(Chunk::encode(&samples), None);
    assert_eq!(Chunk::encode(&samples[1..]).unwrap().count(), 255);
    assert_eq!(Chunk::from_bytes(&[]), Err(Corrupt { bytes: 0 }));
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (-1000i64..1000).prop_map(|i| i as f64),
        2 => (-1000i64..1000).prop_map(|i| i as f64 / 100.0),
        1 => any::<u64>().prop_map(f64::from_bits),
        1 => prop::sample::select(vec![
            f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, stale_nan(), f64::MIN_POSITIVE, f64::MAX,
            9_007_199_254_740_993.0, 5e-324, f64::from_bits(0x7ff0_0000_0000_0001),
        ]),
    ]
}

fn samples() -> impl Strategy<Value = Vec<Sample>> {
    let step = prop_oneof![6 => Just(15_000u64), 2 => 1u64..20, 1 => 1u64..1 << 40];
    let start = prop_oneof![4 => Just(1_700_000_000_000), 1 => i64::MIN..0];
    let repeated = (value(), 1usize..20).prop_map(|(value, times)| vec![value; times]);
    let values = prop::collection::vec(prop_oneof![3 => value().prop_map(|v| vec![v]), 1 => repeated], 1..60);
    (start, values).prop_flat_map(move |(start, values)| {
        let values: Vec<f64> = values.concat().into_iter().take(CHUNK_SAMPLES_MAX).collect();
        prop::collection::vec(step.clone(), values.len()).prop_map(move |steps| {
            let mut ms = start;
            let one = |(step, value): (u64, &f64)| {
                ms += step as i64;
                at(ms, *value)
            };
            steps.into_iter().zip(&values).map(one).collect()
        })
    })
}

proptest! {
    #[test]
    fn every_bit_comes_back(samples in samples()) {
        let chunk = Chunk::encode(&samples).unwrap();
        prop_assert_eq!(bits(&chunk.samples()), bits(&samples));
        prop_assert_eq!(Chunk::from_bytes(chunk.bytes()), Ok(chunk));
    }

    #[test]
    fn a_range_yields_the_samples_within(samples in samples(), a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>()) {
        let (a, b) = (a.get(&samples).at, b.get(&samples).at);
        let range = TimeRange { start: a, end: b };
        let mut found = Vec::new();
        Chunk::encode(&samples).unwrap().decode_into(range, &mut found);
        let expected: Vec<Sample> = samples.into_iter().filter(|sample| range.contains(sample.at)).collect();
        prop_assert_eq!(bits(&found), bits(&expected));
    }

    #[test]
    fn flipped_and_cut_bytes_are_survived(
        samples in samples(), place in any::<prop::sample::Index>(), flip in 1u8.., cut in any::<prop::sample::Index>()
    ) {
        let chunk = Chunk::encode(&samples).unwrap();
        let mut bytes = chunk.bytes().to_vec();
        prop_assert!(Chunk::from_bytes(&bytes[..cut.index(bytes.len())]).is_err());
        let place = place.index(bytes.len());
        bytes[place] ^= flip;
        if let Ok(other) = Chunk::from_bytes(&bytes) {
            prop_assert!(other.samples().windows(2).all(|pair| pair[0].at < pair[1].at));
        }
        let _ = decode_into(&bytes, ALL_TIME, &mut Vec::new());
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(chunk) = Chunk::from_bytes(&bytes) {
            prop_assert_eq!(chunk.samples().len(), chunk.count());
        }
    }
}
