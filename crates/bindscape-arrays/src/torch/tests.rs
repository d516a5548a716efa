use std::io::Cursor;

use super::*;

fn open(name: &str) -> Result<TorchFile> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/torch/");
    TorchFile::open(format!("{folder}{name}.pt"))
}

/// The numbers that `make.py` fills tensors with.
fn ramp(count: usize) -> Vec<f32> {
    (0..count).map(|i| i as f32 / 4.0 - 3.0).collect()
}

fn message(result: Result<impl Sized>) -> String {
    let error = result.err().expect("a fault");
    format!("{error} hint: {}", error.advice().unwrap_or_default())
}

#[test]
fn a_state_dict() {
    let mut file = open("state_dict").expect("a file");
    let tensors = file.state_dict().expect("tensors");
    let shapes: Vec<(&str, &[usize])> = tensors
        .iter()
        .map(|(name, tensor)| (name.as_str(), &tensor.shape[..]))
        .collect();
    let expected: [(&str, &[usize]); 7] = [
        ("0.bias", &[3]),
        ("0.weight", &[3, 2, 4]),
        ("1.bias", &[3]),
        ("1.num_batches_tracked", &[]),
        ("1.running_mean", &[3]),
        ("1.running_var", &[3]),
        ("1.weight", &[3]),
    ];
    assert_eq!(shapes, expected);
    assert_eq!(file.read(&tensors["0.weight"]).expect("numbers"), ramp(24));
    assert_eq!(tensors["1.num_batches_tracked"].dtype, Dtype::I64);
    let scalar = file.read(&tensors["1.num_batches_tracked"]);
    assert_eq!(scalar.expect("numbers"), [0.0]);
    assert_eq!(
        file.read(&tensors["1.running_var"]).expect("numbers"),
        [1.0; 3]
    );
}

#[test]
fn types_strides_and_shared_storages() {
    let mut file = open("types").expect("a file");
    let tensors = file.state_dict().expect("tensors");
    let mut read = |name: &str| file.read(&tensors[name]).expect("numbers");
    for name in ["f64", "f16", "bf16"] {
        assert_eq!(read(name), [-3.0, -2.75, -2.5], "{name}");
    }
    for name in ["i64", "i32", "i16", "i8"] {
        assert_eq!(read(name), [1.0, -2.0, 3.0], "{name}");
    }
    assert_eq!(read("u8"), [1.0, 254.0, 3.0]);
    assert_eq!(read("bool"), [1.0, 0.0, 1.0]);
    let base = ramp(24);
    assert_eq!(read("base"), base);
    let transposed: Vec<f32> = (0..6)
        .flat_map(|column| (0..4).map(move |row| row * 6 + column))
        .map(|place| base[place])
        .collect();
    assert_eq!(read("transposed"), transposed);
    assert_eq!(read("slice"), [-1.0, -0.75, -0.5, 2.0, 2.25, 2.5]);
    assert_eq!(read("repeated"), [-3.0, -3.0, -3.0, -2.75, -2.75, -2.75]);
    assert_eq!(read("scalar"), [0.5]);
    assert!(read("empty").is_empty() && tensors["empty"].is_empty());
    assert_eq!(tensors["empty"].shape, [0, 5]);
    for name in ["i64", "i32", "i16", "i8"] {
        let integers = file.read_integers(&tensors[name]);
        assert_eq!(integers.expect("integers"), [1, -2, 3], "{name}");
    }
    assert!(message(file.read_integers(&tensors["f16"])).contains("expected integers, found F16"));
}

#[test]
fn namespaces_and_plain_values() {
    let mut file = open("checkpoint").expect("a file");
    let tensors = file.state_dict().expect("tensors");
    assert_eq!(
        file.read(&tensors["encoder.weight"]).expect("numbers"),
        ramp(4)
    );
    assert_eq!(file.read(&tensors["head"]).expect("numbers"), ramp(2));
    let root = file.root();
    let model = root
        .get("cfg")
        .and_then(|cfg| cfg.get("model"))
        .expect("a namespace");
    assert_eq!(model.class(), Some("argparse Namespace"));
    assert_eq!(
        model.get("encoder_layers").and_then(Node::as_integer),
        Some(2)
    );
    assert_eq!(model.get("dropout").and_then(Node::as_number), Some(0.1));
    assert_eq!(model.get("name").and_then(Node::as_text), Some("toy"));
    assert_eq!(model.get("tied").and_then(Node::as_bool), Some(true));
    assert!(model.get("none").is_some_and(Node::is_none));
    assert!(model.get("absent").is_none());
    let args = root.get("args").expect("a namespace");
    let integers = |name: &str| -> Vec<i64> {
        let items = args.get(name).expect("a value").items();
        items.into_iter().filter_map(Node::as_integer).collect()
    };
    assert_eq!(
        (integers("layers"), integers("shape")),
        (vec![1, 2], vec![3, 4])
    );
}

#[test]
fn a_protein_of_esm_extract() {
    let mut file = open("extract").expect("a file");
    let root = file.root();
    let label = root.get("label").and_then(Node::as_text);
    assert_eq!(label, Some("sp|P01106|MYC_HUMAN"));
    let layers = root.get("representations").expect("layers").entries();
    assert_eq!(layers[0].0.as_integer(), Some(6));
    let tensor = file
        .tensor(layers[0].1, "6")
        .expect("dense")
        .expect("a tensor");
    assert_eq!(tensor.shape, [5, 3]);
    assert_eq!(file.read(&tensor).expect("numbers"), ramp(15));
}

#[test]
fn what_is_refused() {
    let sparse = message(open("sparse").and_then(|file| file.state_dict()));
    assert!(
        sparse.contains("record sparse: expected a dense tensor of real numbers, found one made by `torch._utils _rebuild_sparse_tensor`"),
        "{sparse}"
    );
    let module = message(open("module").and_then(|file| file.state_dict()));
    assert!(
        module.contains("an object of `torch.nn.modules.container Sequential`")
            && module.contains("`state_dict()` instead of the model"),
        "{module}"
    );
    let from =
        |bytes: &[u8]| TorchFile::from_reader(Cursor::new(bytes.to_vec()), Path::new("x.pt"));
    let old = message(from(b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."));
    assert!(
        old.contains("x.pt: expected a file of `torch.save` of PyTorch 1.6"),
        "{old}"
    );
    assert!(message(from(b"MKV")).contains("another format"));
    let whole = include_bytes!("../../tests/data/torch/types.pt");
    assert!(message(from(&whole[..3000])).contains("x.pt"));
    // A flipped bit of a storage is found by its checksum.
    let mut flipped = whole.to_vec();
    let at = whole
        .windows(8)
        .position(|bytes| bytes == (-3.0_f64).to_le_bytes())
        .expect("the first number of f64");
    flipped[at] ^= 1;
    let mut file = from(&flipped).expect("a file");
    let tensors = file.state_dict().expect("tensors");
    let error = message(file.read(&tensors["f64"]));
    assert!(error.contains("corrupted data"), "{error}");
    assert!(file.read(&tensors["f16"]).is_ok());
}

#[test]
fn tensors_stay_inside_of_their_storage() {
    // The strides of `slice` in its file, made larger.
    let whole = include_bytes!("../../tests/data/torch/types.pt").to_vec();
    let mut archive = ZipArchive::new(Cursor::new(whole)).expect("an archive");
    let mut pickle = Vec::new();
    archive
        .by_name("types/data.pkl")
        .expect("the pickle")
        .read_to_end(&mut pickle)
        .expect("memory");
    let at = pickle
        .windows(6)
        .position(|bytes| bytes == b"K\x02K\x03\x86q")
        .expect("the shape of `slice`");
    pickle[at + 1] = 40;
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    out.start_file("types/data.pkl", options).expect("memory");
    std::io::Write::write_all(&mut out, &pickle).expect("memory");
    let bytes = out.finish().expect("memory").into_inner();
    let file = TorchFile::from_reader(Cursor::new(bytes), Path::new("x.pt")).expect("a file");
    let error = message(file.state_dict());
    assert!(
        error.contains("record slice") && error.contains("beyond a storage of 24"),
        "{error}"
    );
}
