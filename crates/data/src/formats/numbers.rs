//! Numbers as files store them.

/// How a number is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NumberType {
    /// Bytes: 1, 2, 4 or 8; of floating point 2, 4 or 8.
    pub size: usize,
    /// Whether it is floating point.
    pub float: bool,
    /// Whether it has a sign.
    pub signed: bool,
    /// Whether its highest byte comes first.
    pub big_endian: bool,
}

impl NumberType {
    /// The type of an HDF5 dataset, if it is one of numbers.
    #[cfg(feature = "hdf5")]
    pub fn of(datatype: &hdf5_reader::Datatype) -> Option<NumberType> {
        use hdf5_reader::{ByteOrder, Datatype};
        let (size, float, signed, order) = match *datatype {
            Datatype::FixedPoint { size, signed, byte_order } => (size, false, signed, byte_order),
            Datatype::FloatingPoint { size, byte_order } => (size, true, true, byte_order),
            _ => return None,
        };
        let big_endian = matches!(order, ByteOrder::BigEndian);
        NumberType { size: usize::from(size), float, signed, big_endian }.known()
    }

    /// The type that NumPy describes so, such as `<f8` or `|u1`.
    pub fn of_numpy(descr: &str) -> Option<NumberType> {
        let descr = descr.trim_matches('\'');
        let (order, rest) = descr.split_at_checked(1)?;
        let (letter, size) = rest.split_at_checked(1)?;
        let big_endian = match order {
            ">" => true,
            "<" | "|" | "=" => false,
            _ => return None,
        };
        let (float, signed) = match letter {
            "f" => (true, true),
            "i" => (false, true),
            "u" | "b" => (false, false),
            _ => return None,
        };
        NumberType { size: size.parse().ok()?, float, signed, big_endian }.known()
    }

    fn known(self) -> Option<NumberType> {
        let known: &[usize] = if self.float { &[2, 4, 8] } else { &[1, 2, 4, 8] };
        known.contains(&self.size).then_some(self)
    }

    /// Its name as NumPy writes it, such as "u2" or "f4".
    pub fn name(self) -> String {
        let kind = match (self.float, self.signed) {
            (true, _) => 'f',
            (false, true) => 'i',
            (false, false) => 'u',
        };
        format!("{kind}{}", self.size)
    }

    /// The number in `bytes`, which are as long as one.
    pub fn decode(self, bytes: &[u8]) -> f64 {
        let mut word = [0; 8];
        word[..self.size].copy_from_slice(&bytes[..self.size]);
        if self.big_endian {
            word[..self.size].reverse();
        }
        let bits = u64::from_le_bytes(word);
        match (self.float, self.size) {
            (true, 2) => f64::from(half::f16::from_bits(bits as u16)),
            (true, 4) => f64::from(f32::from_bits(bits as u32)),
            (true, _) => f64::from_bits(bits),
            (false, size) if self.signed => {
                let unused = 64 - 8 * size as u32;
                (((bits << unused) as i64) >> unused) as f64
            }
            (false, _) => bits as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decoded_by_their_type() {
        let number =
            |size, float, signed, big_endian| NumberType { size, float, signed, big_endian };
        assert_eq!(number(2, true, true, false).decode(&[0x00, 0x3c]), 1.0);
        assert_eq!(number(4, true, true, true).decode(&1.5f32.to_be_bytes()), 1.5);
        assert_eq!(number(8, true, true, false).decode(&(-2.5f64).to_le_bytes()), -2.5);
        assert_eq!(number(2, false, false, false).decode(&[0xff, 0xff]), 65_535.0);
        assert_eq!(number(2, false, true, false).decode(&[0xff, 0xff]), -1.0);
        assert_eq!(number(4, false, false, true).decode(&[0, 0, 1, 2]), 258.0);
        assert_eq!(number(1, false, true, true).decode(&[0x80]), -128.0);
    }

    #[test]
    fn the_names_of_numpy_are_known() {
        let of = NumberType::of_numpy;
        assert_eq!(
            of("'>f4'"),
            Some(NumberType { size: 4, float: true, signed: true, big_endian: true })
        );
        assert_eq!(of("<u8").map(NumberType::name), Some("u8".to_owned()));
        assert_eq!(of("|b1").map(|t| t.decode(&[1])), Some(1.0));
        for unknown in ["<f3", "|O8", "<U4", "<c8", "", "<", "<f", "é"] {
            assert_eq!(of(unknown), None, "{unknown}");
        }
    }
}
