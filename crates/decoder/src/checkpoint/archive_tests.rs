use super::*;
use proptest::prelude::*;
use std::collections::HashMap;

const CLASSIFIER: &[Kind] = &[Kind::Classifier];

fn example() -> Vec<u8> {
    let origin = Origin::from([("network".into(), "abc".into()), ("seed".into(), "7".into())]);
    let (weight, bias) = ([1.0, -2.5, 3.0, 0.0, 5.0, 6.0], [0.5, f32::MIN_POSITIVE]);
    let arrays =
        [Array::new("weight", &[3, 2], &weight[..]), Array::new("bias", &[2], bias.to_vec())];
    to_bytes(Kind::Classifier, &origin, &[("config", "{\"a\": 1}".into())], &arrays).unwrap()
}

#[test]
fn what_was_written_is_read() {
    let mut archive = from_bytes(CLASSIFIER, &example()).unwrap();
    let config: HashMap<String, u8> = archive.value("config").unwrap();
    assert_eq!(config["a"], 1);
    assert!(matches!(archive.value::<u8>("config"), Err(ArchiveError::Text { .. })));
    assert!(matches!(archive.value::<u8>("seed"), Err(ArchiveError::Missing(_))));
    assert_eq!((archive.kind(), archive.origin()["seed"].as_str()), (Kind::Classifier, "7"));
    assert_eq!(archive.program_version(), env!("CARGO_PKG_VERSION"));
    assert_eq!(archive.take("bias", &[2]).unwrap(), [0.5, f32::MIN_POSITIVE]);
    assert!(matches!(archive.take("weight", &[2, 3]), Err(ArchiveError::Shape { .. })));
    assert!(matches!(archive.take("bias", &[2]), Err(ArchiveError::Missing(_))));
    assert!(example() == example());
}

#[test]
fn other_tools_read_it() {
    let bytes = example();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(file.tensor("weight").unwrap().shape(), [3, 2]);
    assert_eq!(file.tensor("bias").unwrap().data()[..4], 0.5f32.to_le_bytes());
    // The tensors are aligned for tools that map the file into memory.
    assert_eq!(u64::from_le_bytes(*bytes.first_chunk().unwrap()) % 8, 0);
}

#[test]
fn what_cannot_be_read_back_is_not_written() {
    let write = |texts: &[(&str, String)], arrays: &[Array<'_>]| {
        to_bytes(Kind::Classifier, &Origin::new(), texts, arrays).unwrap_err()
    };
    let a = Array::new("a", &[2], vec![0.0; 2]);
    assert_eq!(write(&[], &[a.clone(), a]), ArchiveError::Twice("a".into()));
    for key in [CHECKSUM, KIND] {
        assert_eq!(write(&[(key, String::new())], &[]), ArchiveError::Twice(key.into()));
    }
    let wrong = [Array::new("a", &[3], vec![0.0; 2]), Array::new("a", &[usize::MAX, 2], vec![])];
    for wrong in wrong {
        assert!(matches!(write(&[], &[wrong]), ArchiveError::Shape { .. }));
    }
}

/// Whatever one byte becomes, and wherever the file is cut.
#[test]
fn every_damaged_byte_is_refused() {
    let bytes = example();
    for cut in 0..bytes.len() {
        let refused = from_bytes(CLASSIFIER, &bytes[..cut]).unwrap_err();
        assert_eq!(refused, ArchiveError::Length { bytes: cut });
    }
    let mut damaged = bytes.clone();
    for place in 0..bytes.len() {
        for value in 0..=255 {
            damaged[place] = value;
            if value != bytes[place] {
                let refused = from_bytes(CLASSIFIER, &damaged);
                let line = refused.expect_err(&format!("byte {place} is {value}")).to_string();
                assert!(!line.contains('\n'), "{line}");
            }
        }
        damaged[place] = bytes[place];
    }
}

proptest! {
    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(from_bytes(CLASSIFIER, &bytes).is_err());
    }

    /// Parts that are put elsewhere, doubled, or left out.
    #[test]
    fn rearranged_bytes_are_refused(from in 0usize..400, to in 0usize..400, at in 0usize..400) {
        let bytes = example();
        let (from, to) = (from.min(to) % bytes.len(), from.max(to) % bytes.len());
        let (from, to) = (from.min(to), from.max(to));
        let mut other = bytes.clone();
        let piece: Vec<u8> = other.drain(from..to).collect();
        let at = at % (other.len() + 1);
        prop_assume!(from != to);
        prop_assert!(from_bytes(CLASSIFIER, &other).is_err());
        other.splice(at..at, piece);
        prop_assert!(other == bytes || from_bytes(CLASSIFIER, &other).is_err());
    }
}

/// A header that says that it, or a tensor, is larger than any memory.
#[test]
fn sizes_are_not_believed() {
    for length in [u64::MAX, 1 << 62, 1 << 32, 200_000_000, 1000] {
        let mut bytes = length.to_le_bytes().to_vec();
        bytes.extend_from_slice(&[b' '; 64]);
        assert!(from_bytes(CLASSIFIER, &bytes).is_err());
    }
    for (shape, end) in
        [("18446744073709551615", "4"), ("4611686018427387904,4", "0"), ("1", "99999999999999")]
    {
        let header =
            format!(r#"{{"a":{{"dtype":"F32","shape":[{shape}],"data_offsets":[0,{end}]}}}}"#);
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(&[0; 4]);
        assert!(from_bytes(CLASSIFIER, &bytes).is_err());
    }
}

#[test]
fn files_of_others_and_of_other_versions_are_refused() {
    let view = TensorView::new(Dtype::F32, vec![1], &[0; 4]).unwrap();
    let of = |metadata: Option<HashMap<String, String>>| {
        let bytes = safetensors::serialize([("input", view.clone())], metadata).unwrap();
        from_bytes(CLASSIFIER, &bytes).unwrap_err()
    };
    assert_eq!(of(None), ArchiveError::Foreign { missing: CHECKSUM });
    // What earlier versions wrote: classifiers without a checksum, decoders without a version.
    let old = HashMap::from([("trainer".to_owned(), "{}".to_owned())]);
    assert_eq!(of(Some(old)), ArchiveError::Foreign { missing: CHECKSUM });
    let old = [("format", "equipoise decoder"), ("sha256", "00"), ("inputs", "4")];
    let old = old.map(|(k, t)| (k.to_owned(), t.to_owned()));
    assert_eq!(of(Some(HashMap::from(old))), ArchiveError::Foreign { missing: VERSION });
    // A later one.
    let shape = [1usize];
    let parts = || [("input", &shape[..], &[0u8; 4][..])].into_iter();
    let mut texts = BTreeMap::from([(KIND, Kind::Classifier.name()), (VERSION, "99")]);
    let sum = checksum(&texts, parts());
    texts.insert(CHECKSUM, &sum);
    let header = header(&texts, parts());
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(&header);
    bytes.extend_from_slice(&[0; 4]);
    let refused = from_bytes(CLASSIFIER, &bytes).unwrap_err();
    assert_eq!(refused, ArchiveError::Version { found: "99".into() });
}

#[test]
fn one_kind_is_not_taken_for_another() {
    for kind in Kind::ALL {
        let bytes = to_bytes(kind, &Origin::new(), &[], &[]).unwrap();
        let refused = from_bytes(CLASSIFIER, &bytes);
        match kind {
            Kind::Classifier => assert_eq!(refused.unwrap().kind(), kind),
            _ => assert!(
                matches!(refused, Err(ArchiveError::Kind { found, .. }) if found == kind.name())
            ),
        }
    }
}
