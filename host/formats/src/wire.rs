//! Walks over protobuf's wire format without allocating: fields in the order of the bytes, nothing interpreted.
//!
//! Used where a tree of messages would cost more than what is done with it, and to count a body's messages before a tree
//! of them is built. Groups, which none of our formats has, are malformed.

/// The bytes are no protobuf message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the protobuf message is malformed")]
pub(crate) struct Malformed;

/// The value of one field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Field<'b> {
    Varint(u64),
    Fixed64(u64),
    /// A text, a message, or packed numbers.
    Bytes(&'b [u8]),
    Fixed32(u32),
}

impl<'b> Field<'b> {
    /// The bytes of a text or a message.
    pub(crate) fn bytes(self) -> Result<&'b [u8], Malformed> {
        match self {
            Field::Bytes(bytes) => Ok(bytes),
            _ => Err(Malformed),
        }
    }

    /// A number of the types int64, int32, uint32 or an enumeration.
    pub(crate) fn varint(self) -> Result<u64, Malformed> {
        match self {
            Field::Varint(number) => Ok(number),
            _ => Err(Malformed),
        }
    }

    /// A double, every bit of it.
    pub(crate) fn double(self) -> Result<f64, Malformed> {
        match self {
            Field::Fixed64(bits) => Ok(f64::from_bits(bits)),
            _ => Err(Malformed),
        }
    }
}

/// The fields of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'b>(pub(crate) &'b [u8]);

impl<'b> Fields<'b> {
    /// The next field and its number; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<(u32, Field<'b>)>, Malformed> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let number = u32::try_from(key >> 3).map_err(|_| Malformed)?;
        if number == 0 {
            return Err(Malformed);
        }
        let field = match key & 7 {
            0 => Field::Varint(self.varint()?),
            1 => Field::Fixed64(u64::from_le_bytes(self.take_array()?)),
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| Malformed)?;
                Field::Bytes(self.take(length)?)
            }
            5 => Field::Fixed32(u32::from_le_bytes(self.take_array()?)),
            _ => return Err(Malformed),
        };
        Ok(Some((number, field)))
    }

    /// A number in groups of seven bits.
    pub(crate) fn varint(&mut self) -> Result<u64, Malformed> {
        if let Some((first @ 0..=0x7f, rest)) = self.0.split_first() {
            self.0 = rest;
            return Ok(u64::from(*first));
        }
        let mut number = 0u64;
        for (place, byte) in self.0.iter().take(10).enumerate() {
            number |= u64::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                self.0 = self.0.get(place + 1..).unwrap_or_default();
                return if place == 9 && *byte > 1 { Err(Malformed) } else { Ok(number) };
            }
        }
        Err(Malformed)
    }

    fn take(&mut self, length: usize) -> Result<&'b [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn take_array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.take(N)?.try_into().map_err(|_| Malformed)
    }
}

/// Appends a number in groups of seven bits.
pub(crate) fn put_varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_are_read_as_they_were_written(number: u64, rest in proptest::collection::vec(any::<u8>(), 0..3)) {
            let mut bytes = Vec::new();
            put_varint(number, &mut bytes);
            bytes.extend(&rest);
            let mut fields = Fields(&bytes);
            prop_assert_eq!((fields.varint(), fields.0), (Ok(number), &*rest));
        }

        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let mut fields = Fields(&bytes);
            let mut count = 0;
            while let Ok(Some(_)) = fields.next() {
                count += 1;
            }
            prop_assert!(count <= bytes.len());
        }
    }

    #[test]
    fn what_is_malformed() {
        for bytes in [&[0x80][..], &[0x0b], &[0x00, 0x00], &[0x0a, 0x05, 0x00], &[0x09, 0x00], &[0xff; 11]] {
            assert_eq!(Fields(bytes).next(), Err(Malformed), "{bytes:?}");
        }
    }
}
