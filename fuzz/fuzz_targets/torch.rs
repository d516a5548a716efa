//! Files of `torch.save`: whatever is found in them is looked at and read.
#![no_main]

use std::io::Cursor;
use std::path::Path;

use bindscape_arrays::torch::TorchFile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(mut file) = TorchFile::from_reader(Cursor::new(data), Path::new("fuzz.pt")) else {
        return;
    };
    for (key, value) in file.root().entries() {
        let _ = (key.as_text(), key.as_integer(), value.kind(), value.get("x").is_some());
        let _ = (value.items().len(), value.as_number(), value.as_bool(), value.is_none());
    }
    if let Ok(tensors) = file.state_dict() {
        for tensor in tensors.values() {
            if let Ok(numbers) = file.read(tensor) {
                assert_eq!(numbers.len(), tensor.len());
            }
        }
    }
});
