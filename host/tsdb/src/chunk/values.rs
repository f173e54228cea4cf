//! The column of values, bit-exact for every float. Most metrics are integers or short decimals: those are written as
//! integers with one power of ten for all. What is neither is written by its bits, without the low zeroes that all share.
//!
//! ```text
//! kind 1 | scale 1 | [count 1 | (place 1, bits 8)..] | integers
//! ```
//!
//! Integers are plain, or as the steps between them, or as those steps that are not zero with a bit for each whether it is.
//! The few values that are no decimals among many that are (staleness markers, infinities) stand apart with their places.

use super::bytes::{Reader, bit_length, put_varint, unzigzag, zigzag};
use super::column::{self, Plan};

const BY_BITS: u8 = 1;
const STEPS: u8 = 2;
const CHANGES: u8 = 4;
const APART: u8 = 8;

/// Decimals have at most so many places.
const SCALE_MAX: usize = 12;
const POWERS: [f64; SCALE_MAX + 1] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12];
/// Integers up to here are floats without rounding.
const INTEGER_MAX: f64 = 9_007_199_254_740_992.0;
/// More bytes a value than decimals are worth without a look at the bits.
const FAIR_BYTES: usize = 3;

/// Values as integers, one way or the other.
struct Integers {
    kind: u8,
    scale: u8,
    integers: Vec<u64>,
    apart: Vec<(u8, u64)>,
}

/// Appends the values; there is at least one and at most 255.
pub(super) fn put(values: &[f64], bytes: &mut Vec<u8>) {
    let start = bytes.len();
    if let Some(decimal) = decimals(values) {
        put_integers(&decimal, bytes);
        if bytes.len() - start <= FAIR_BYTES * values.len() {
            return;
        }
    }
    let mut by_bits = Vec::new();
    put_integers(&bits(values), &mut by_bits);
    if bytes.len() == start || by_bits.len() < bytes.len() - start {
        bytes.truncate(start);
        bytes.extend(by_bits);
    }
}

/// Takes as many values as there are slots, as bits of floats.
pub(super) fn take(reader: &mut Reader<'_>, slots: &mut [u64]) -> Option<()> {
    let (kind, scale) = (reader.byte()?, reader.byte()?);
    let apart_count = if kind & APART == 0 { 0 } else { usize::from(reader.byte()?) };
    let mut apart = Reader(reader.take(apart_count * 9)?);
    take_integers(kind, reader, slots)?;
    match kind & BY_BITS {
        0 => {
            let power = *POWERS.get(usize::from(scale))?;
            to_floats(slots, power);
        }
        _ if scale < 64 => slots.iter_mut().for_each(|slot| *slot <<= scale),
        _ => return None,
    }
    for _ in 0..apart_count {
        let place = usize::from(apart.byte()?);
        *slots.get_mut(place)? = apart.word()?;
    }
    Some(())
}

fn to_floats(slots: &mut [u64], power: f64) {
    if power == 1.0 {
        slots.iter_mut().for_each(|slot| *slot = (*slot as i64 as f64).to_bits());
    } else {
        slots.iter_mut().for_each(|slot| *slot = (*slot as i64 as f64 / power).to_bits());
    }
}

/// The values by one power of ten, unless too many are no decimals.
fn decimals(values: &[f64]) -> Option<Integers> {
    if let Some(integers) = whole(values) {
        return Some(Integers { kind: 0, scale: 0, integers, apart: Vec::new() });
    }
    let apart_max = values.len() / 16 + 1;
    let (mut scale, mut failed) = (0, 0);
    for value in values.iter().filter(|value| exact(**value, 0).is_none()) {
        match (scale..=SCALE_MAX).find(|scale| exact(*value, *scale).is_some()) {
            Some(enough) => scale = enough,
            None => failed += 1,
        }
        if failed > apart_max {
            return None;
        }
    }
    let (mut integers, mut apart, mut before) = (Vec::with_capacity(values.len()), Vec::new(), 0u64);
    for (place, value) in values.iter().enumerate() {
        match exact(*value, scale) {
            Some(integer) => before = integer as u64,
            None => apart.push((place as u8, value.to_bits())),
        }
        integers.push(before);
    }
    let kind = if apart.is_empty() { 0 } else { APART };
    (apart.len() <= apart_max).then_some(Integers { kind, scale: scale as u8, integers, apart })
}

/// The values as they are, where all of them are integers.
fn whole(values: &[f64]) -> Option<Vec<u64>> {
    let mut integers = Vec::with_capacity(values.len());
    for value in values {
        let integer = *value as i64;
        if (integer as f64).to_bits() != value.to_bits() || value.abs() >= INTEGER_MAX {
            return None;
        }
        integers.push(integer as u64);
    }
    Some(integers)
}

/// The integer that yields exactly this float when divided by the power of ten.
fn exact(value: f64, scale: usize) -> Option<i64> {
    let power = *POWERS.get(scale)?;
    let scaled = value * power;
    let near = scaled.abs() < INTEGER_MAX;
    let integer = (scaled + 0.5f64.copysign(scaled)) as i64;
    (near && (integer as f64 / power).to_bits() == value.to_bits()).then_some(integer)
}

fn bits(values: &[f64]) -> Integers {
    let all = values.iter().fold(0, |all, value| all | value.to_bits());
    let shift = all.trailing_zeros().min(63);
    let integers = values.iter().map(|value| value.to_bits() >> shift).collect();
    Integers { kind: BY_BITS, scale: shift as u8, integers, apart: Vec::new() }
}

fn put_integers(values: &Integers, bytes: &mut Vec<u8>) {
    let integers = values.integers.as_slice();
    let steps: Vec<u64> = integers.windows(2).map(step).collect();
    let unchanged = steps.iter().filter(|step| **step == 0).count();
    let first = integers.first().copied().unwrap_or_default();
    let by_steps = match plans(integers, &steps) {
        Order::Plain(plan) => return put_head(values, 0, bytes, |bytes| plan.put(integers, bytes)),
        Order::Steps(plan) => plan,
    };
    if unchanged > steps.len() / 4 {
        let changed: Vec<u64> = steps.iter().copied().filter(|step| *step != 0).collect();
        let by_changes = Plan::of(&changed);
        if by_changes.bytes + steps.len().div_ceil(8) < by_steps.bytes {
            return put_head(values, CHANGES, bytes, |bytes| {
                put_varint(zigzag(first), bytes);
                put_flags(&steps, bytes);
                by_changes.put(&changed, bytes);
            });
        }
    }
    put_head(values, STEPS, bytes, |bytes| {
        put_varint(zigzag(first), bytes);
        by_steps.put(&steps, bytes);
    });
}

/// Whether integers are better written as they are or by their steps, and how.
enum Order {
    Plain(Plan),
    Steps(Plan),
}

/// The better of both. Where one spreads half as far, no more than that is looked at.
fn plans(integers: &[u64], steps: &[u64]) -> Order {
    let (far, by_steps_far) = (spread(integers), spread(steps));
    if far * 2 <= by_steps_far {
        return Order::Plain(Plan::of(integers));
    }
    let by_steps = Plan::of(steps);
    if by_steps_far * 2 <= far {
        return Order::Steps(by_steps);
    }
    let plain = Plan::of(integers);
    if plain.bytes <= by_steps.bytes { Order::Plain(plain) } else { Order::Steps(by_steps) }
}

/// How many bits it takes to tell the values from one in their middle.
fn spread(values: &[u64]) -> u32 {
    let middle = column::about(values, 4);
    values.iter().map(|value| bit_length(zigzag(value.wrapping_sub(middle)))).sum()
}

fn step(pair: &[u64]) -> u64 {
    match pair {
        [before, after] => after.wrapping_sub(*before),
        _ => 0,
    }
}

fn put_head(values: &Integers, order: u8, bytes: &mut Vec<u8>, rest: impl FnOnce(&mut Vec<u8>)) {
    bytes.extend([values.kind | order, values.scale]);
    if !values.apart.is_empty() {
        bytes.push(values.apart.len() as u8);
    }
    for (place, bits) in &values.apart {
        bytes.push(*place);
        bytes.extend(bits.to_le_bytes());
    }
    rest(bytes);
}

fn put_flags(steps: &[u64], bytes: &mut Vec<u8>) {
    let flags = |part: &[u64]| {
        part.iter().enumerate().fold(0, |flags, (bit, step)| flags | u8::from(*step != 0) << bit)
    };
    bytes.extend(steps.chunks(8).map(flags));
}

fn take_integers(kind: u8, reader: &mut Reader<'_>, slots: &mut [u64]) -> Option<()> {
    match kind & !(BY_BITS | APART) {
        0 => column::take(reader, slots),
        STEPS => {
            let (first, steps) = slots.split_first_mut()?;
            *first = unzigzag(reader.varint()?);
            column::take(reader, steps)?;
            sum_up(slots);
            Some(())
        }
        CHANGES => {
            take_changes(reader, slots)?;
            sum_up(slots);
            Some(())
        }
        _ => None,
    }
}

/// The steps that are not zero are taken to the front, and from there to their places.
fn take_changes(reader: &mut Reader<'_>, slots: &mut [u64]) -> Option<()> {
    let (first, steps) = slots.split_first_mut()?;
    *first = unzigzag(reader.varint()?);
    let flags = reader.take(steps.len().div_ceil(8))?;
    let is_set = |place: usize| flags.get(place / 8).is_some_and(|byte| byte >> (place % 8) & 1 == 1);
    let mut taken = (0..steps.len()).filter(|place| is_set(*place)).count();
    column::take(reader, steps.get_mut(..taken)?)?;
    for place in (0..steps.len()).rev() {
        let step = match is_set(place) {
            true => {
                taken = taken.checked_sub(1)?;
                *steps.get(taken)?
            }
            false => 0,
        };
        *steps.get_mut(place)? = step;
    }
    Some(())
}

/// Turns steps into values: each slot becomes the sum of all up to it.
pub(super) fn sum_up(slots: &mut [u64]) {
    let mut sum = 0u64;
    for slot in slots {
        sum = sum.wrapping_add(*slot);
        *slot = sum;
    }
}
