//! What OTLP's JSON does differently from plain JSON: 64-bit integers as texts or numbers, floats that JSON has no
//! numbers for as texts, ids in hexadecimal, bytes in base64, and null for what is absent.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

/// A list; null is an empty one.
pub(super) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<T>>::deserialize(from)?.unwrap_or_default())
}

/// A number that may stand in quotes.
struct Quoted<T>(T);

struct QuotedVisitor<T>(PhantomData<T>);

impl<'de, T: Number> Deserialize<'de> for Quoted<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(QuotedVisitor(PhantomData)).map(Quoted)
    }
}

/// What the numbers of the protocol are made from.
trait Number: Sized + FromStr {
    fn of_unsigned(number: u64) -> Option<Self>;
    fn of_signed(number: i64) -> Option<Self>;
    fn of_float(number: f64) -> Option<Self>;
}

macro_rules! integer {
    ($type:ty) => {
        impl Number for $type {
            fn of_unsigned(number: u64) -> Option<Self> {
                number.try_into().ok()
            }
            fn of_signed(number: i64) -> Option<Self> {
                number.try_into().ok()
            }
            fn of_float(number: f64) -> Option<Self> {
                // Some writers have only floats: a whole one below 2^53 is the integer that was meant.
                (number.fract() == 0.0 && number.abs() < 9.0e15).then_some(number as i64)?.try_into().ok()
            }
        }
    };
}
integer!(u64);
integer!(i64);

impl Number for f64 {
    fn of_unsigned(number: u64) -> Option<Self> {
        Some(number as f64)
    }
    fn of_signed(number: i64) -> Option<Self> {
        Some(number as f64)
    }
    fn of_float(number: f64) -> Option<Self> {
        Some(number)
    }
}

impl<T: Number> Visitor<'_> for QuotedVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or one in quotes")
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        T::of_unsigned(number).ok_or_else(|| E::custom("the number is out of range"))
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        T::of_signed(number).ok_or_else(|| E::custom("the number is out of range"))
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        T::of_float(number).ok_or_else(|| E::custom("expected a whole number"))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(|_| E::custom(format_args!("{text:?} is no number")))
    }
}

fn or_default<'de, D: Deserializer<'de>, T: Number + Default>(from: D) -> Result<T, D::Error> {
    Ok(optional(from)?.unwrap_or_default())
}

fn optional<'de, D: Deserializer<'de>, T: Number>(from: D) -> Result<Option<T>, D::Error> {
    Ok(Option::<Quoted<T>>::deserialize(from)?.map(|quoted| quoted.0))
}

struct NumbersVisitor<T>(PhantomData<T>);

impl<'de, T: Number> Visitor<'de> for NumbersVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of numbers")
    }
    fn visit_unit<E: Error>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Vec<T>, A::Error> {
        let mut numbers = Vec::new();
        while let Some(Quoted(number)) = from.next_element()? {
            numbers.push(number);
        }
        Ok(numbers)
    }
}

pub(super) fn integer<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    or_default(from)
}

pub(super) fn integers<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u64>, D::Error> {
    from.deserialize_any(NumbersVisitor(PhantomData))
}

pub(super) fn optional_integer<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    optional(from)
}

pub(super) fn double<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    or_default(from)
}

pub(super) fn doubles<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f64>, D::Error> {
    from.deserialize_any(NumbersVisitor(PhantomData))
}

pub(super) fn optional_double<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    optional(from)
}

/// An enumeration is its number; its name is taken, too, since it is seen in the wild.
pub(super) fn temporality<'de, D: Deserializer<'de>>(from: D) -> Result<i32, D::Error> {
    match serde_json::Value::deserialize(from)? {
        serde_json::Value::Null => Ok(0),
        serde_json::Value::String(name) => match name.as_str() {
            "AGGREGATION_TEMPORALITY_UNSPECIFIED" => Ok(0),
            "AGGREGATION_TEMPORALITY_DELTA" => Ok(1),
            "AGGREGATION_TEMPORALITY_CUMULATIVE" => Ok(2),
            _ => Err(D::Error::custom(format_args!("{name:?} is no temporality"))),
        },
        other => {
            let number = other.as_i64().and_then(|number| i32::try_from(number).ok());
            number.ok_or_else(|| D::Error::custom("expected the number of a temporality"))
        }
    }
}

pub(super) fn hex<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
    let text = Option::<String>::deserialize(from)?.unwrap_or_default();
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    match digits {
        Some(digits) if digits.len() % 2 == 0 => {
            Ok(digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte * 16 + digit)).collect())
        }
        _ => Err(D::Error::custom("expected an id in hexadecimal")),
    }
}

pub(super) fn optional_base64<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<u8>>, D::Error> {
    let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
    super::number_text::from_base64(&text).map(Some).ok_or_else(|| D::Error::custom("expected base64"))
}
