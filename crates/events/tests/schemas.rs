//! The committed schemas are those of the code: a drift is a failure, not a surprise for other agencies.

use std::{collections::BTreeSet, fs, path::Path};

use events::Kind;

#[test]
fn schemas_and_examples_are_as_the_code_has_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/events");
    let mut expected = BTreeSet::new();
    for kind in Kind::ALL {
        let schema = root.join(kind.schema_path());
        let example = schema.with_extension("example.json");
        for (file, value) in [(&schema, kind.schema()), (&example, kind.example())] {
            let committed = fs::read_to_string(file).unwrap_or_default();
            let ours = serde_json::to_string_pretty(&value).unwrap() + "\n";
            assert!(committed == ours, "{} is stale: run `cargo xtask schemas`", file.display());
            expected.insert(file.clone());
        }
    }
    for folder in fs::read_dir(&root).unwrap() {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            let file = file.unwrap().path();
            assert!(expected.contains(&file), "{} belongs to no event", file.display());
        }
    }
}
