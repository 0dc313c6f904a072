//! Arrays for NumPy: NPZ files, which are uncompressed ZIP archives of NPY arrays.
//!
//! Written here and not by a crate, because those that there are bring a ZIP library and a parser
//! for what is, written only, two short headers. Equal arrays give equal bytes.

/// An NPZ file being made.
///
/// ```
/// use equipoise_studies::npz::Npz;
/// let mut file = Npz::new();
/// file.f32("images", &[2, 1, 1, 3], &[0.0, 0.5, 1.0, 1.0, 0.5, 0.0]);
/// file.u64("labels", &[2], &[7, 3]);
/// let bytes = file.finish(); // numpy.load reads them
/// assert_eq!(&bytes[..4], b"PK\x03\x04");
/// ```
#[derive(Debug, Default)]
pub struct Npz {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    entries: u16,
}

/// The version of the ZIP format that has 64-bit sizes.
const VERSION: u16 = 45;
/// 1 January 1980, so that equal arrays give equal files.
const DATE: u16 = 0x21;

impl Npz {
    /// An empty file.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an array of float32, the last index fastest.
    ///
    /// # Panics
    /// If the values do not fill the shape.
    pub fn f32(&mut self, name: &str, shape: &[usize], values: &[f32]) {
        let bytes = values.iter().flat_map(|v| v.to_le_bytes());
        self.array(name, "<f4", shape, values.len(), bytes);
    }

    /// Adds an array of float64, the last index fastest.
    ///
    /// # Panics
    /// As [`Npz::f32`].
    pub fn f64(&mut self, name: &str, shape: &[usize], values: &[f64]) {
        let bytes = values.iter().flat_map(|v| v.to_le_bytes());
        self.array(name, "<f8", shape, values.len(), bytes);
    }

    /// Adds an array of uint32, the last index fastest.
    ///
    /// # Panics
    /// As [`Npz::f32`].
    pub fn u32(&mut self, name: &str, shape: &[usize], values: &[u32]) {
        let bytes = values.iter().flat_map(|v| v.to_le_bytes());
        self.array(name, "<u4", shape, values.len(), bytes);
    }

    /// Adds an array of uint64, the last index fastest.
    ///
    /// # Panics
    /// As [`Npz::f32`].
    pub fn u64(&mut self, name: &str, shape: &[usize], values: &[u64]) {
        let bytes = values.iter().flat_map(|v| v.to_le_bytes());
        self.array(name, "<u8", shape, values.len(), bytes);
    }

    /// Adds an array of uint8, the last index fastest.
    ///
    /// # Panics
    /// As [`Npz::f32`].
    pub fn u8(&mut self, name: &str, shape: &[usize], values: &[u8]) {
        self.array(name, "|u1", shape, values.len(), values.iter().copied());
    }

    fn array(
        &mut self,
        name: &str,
        kind: &str,
        shape: &[usize],
        count: usize,
        values: impl Iterator<Item = u8>,
    ) {
        assert_eq!(shape.iter().product::<usize>(), count, "`{name}`: values of shape {shape:?}");
        let sizes: String = shape.iter().map(|n| format!("{n},")).collect();
        let mut header =
            format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({sizes}), }}");
        // The data start at a multiple of 64 bytes; the header ends with a line break.
        let length = (10 + header.len() + 1).next_multiple_of(64) - 10;
        header.push_str(&" ".repeat(length - header.len() - 1));
        header.push('\n');
        let mut entry = b"\x93NUMPY\x01\x00".to_vec();
        entry.extend((length as u16).to_le_bytes());
        entry.extend(header.bytes());
        entry.extend(values);
        self.entry(&format!("{name}.npy"), &entry);
    }

    /// Adds a stored entry. Sizes and places are written as 64-bit numbers throughout (ZIP64), so
    /// that large arrays need no form of their own.
    fn entry(&mut self, name: &str, data: &[u8]) {
        let (offset, size) = (self.bytes.len() as u64, data.len() as u64);
        let mut common = Vec::new();
        for field in [VERSION, 0, 0, 0, DATE] {
            common.extend(field.to_le_bytes());
        }
        common.extend(crc32(data).to_le_bytes());
        common.extend([0xff; 8]);
        common.extend((name.len() as u16).to_le_bytes());
        let sizes = [size.to_le_bytes(), size.to_le_bytes()].concat();

        self.bytes.extend(b"PK\x03\x04");
        self.bytes.extend(&common);
        self.bytes.extend(20u16.to_le_bytes());
        self.bytes.extend(name.bytes());
        self.bytes.extend([1, 0, 16, 0]);
        self.bytes.extend(&sizes);
        self.bytes.extend(data);

        self.directory.extend(b"PK\x01\x02");
        self.directory.extend(VERSION.to_le_bytes());
        self.directory.extend(&common);
        self.directory.extend(28u16.to_le_bytes());
        self.directory.extend([0; 10]);
        self.directory.extend([0xff; 4]);
        self.directory.extend(name.bytes());
        self.directory.extend([1, 0, 24, 0]);
        self.directory.extend(&sizes);
        self.directory.extend(offset.to_le_bytes());
        self.entries += 1;
    }

    /// The bytes of the file.
    pub fn finish(mut self) -> Vec<u8> {
        let (start, size) = (self.bytes.len() as u64, self.directory.len() as u64);
        let entries = u64::from(self.entries);
        self.bytes.append(&mut self.directory);
        let end = self.bytes.len() as u64;
        self.bytes.extend(b"PK\x06\x06");
        self.bytes.extend(44u64.to_le_bytes());
        self.bytes.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for field in [entries, entries, size, start] {
            self.bytes.extend(field.to_le_bytes());
        }
        self.bytes.extend(b"PK\x06\x07\0\0\0\0");
        self.bytes.extend(end.to_le_bytes());
        self.bytes.extend(1u32.to_le_bytes());
        self.bytes.extend(b"PK\x05\x06\0\0\0\0");
        self.bytes.extend([0xff; 12]);
        self.bytes.extend([0, 0]);
        self.bytes
    }
}

/// The CRC-32 of ZIP (ISO 3309), a table of one byte's remainders at a time.
fn crc32(data: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut byte = 0;
        while byte < 256 {
            let (mut value, mut bit) = (byte as u32, 0);
            while bit < 8 {
                value = if value & 1 == 1 { value >> 1 ^ 0xedb8_8320 } else { value >> 1 };
                bit += 1;
            }
            table[byte] = value;
            byte += 1;
        }
        table
    };
    let step = |crc: u32, &byte: &u8| TABLE[usize::from(crc as u8 ^ byte)] ^ crc >> 8;
    !data.iter().fold(!0, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_zip() {
        // The check value of CRC-32/ISO-HDLC.
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn entries_are_where_the_directory_says() {
        let mut file = Npz::new();
        file.u8("a", &[3], &[1, 2, 3]);
        file.f64("bc", &[1, 2], &[0.5, -1.0]);
        let bytes = file.finish();
        let at = |place: usize| u64::from_le_bytes(bytes[place..place + 8].try_into().unwrap());
        let end = bytes.len() - 22;
        assert_eq!(&bytes[end..end + 4], b"PK\x05\x06");
        let record = at(end - 20 + 8) as usize;
        assert_eq!(&bytes[record..record + 4], b"PK\x06\x06");
        assert_eq!(at(record + 24), 2);
        let directory = at(record + 48) as usize;
        assert_eq!(&bytes[directory..directory + 4], b"PK\x01\x02");
        // The second entry, behind the name and the extra field of the first.
        let second = directory + 46 + "a.npy".len() + 28;
        assert_eq!(&bytes[second + 46..second + 52], b"bc.npy");
        let place = at(second + 52 + 4 + 16) as usize;
        assert_eq!(&bytes[place..place + 4], b"PK\x03\x04");
        let data = place + 30 + "bc.npy".len() + 20;
        assert_eq!(&bytes[data..data + 6], b"\x93NUMPY");
        let values = data + 10 + usize::from(bytes[data + 8]);
        assert_eq!((values - data) % 64, 0);
        assert_eq!(f64::from_bits(at(values)), 0.5);
        assert_eq!(f64::from_bits(at(values + 8)), -1.0);
    }
}
