//! The province: the example with fourteen more agencies, thirty-four in all, and its reorganisation on 1 July.

use std::fmt::Write as _;

use domain::{Policy, policy::FILES};
use events::directory::PolicyText;

use crate::support::{agreement::file, process::Installation};

/// The two departments that end, and the one that follows on them.
pub const ENDING: [&str; 2] = ["SVHTT", "SDL"];
/// The department that follows on them.
pub const SUCCESSOR: &str = "SVHTTDL";
/// The first day of the new department.
pub const REORGANISED: &str = "2026-07-01";
/// The agency that comes to report by the quarter.
pub const QUARTERLY: &str = "STC";

/// How many agencies there are.
pub const AGENCIES: usize = 34;

/// What is added to the example's agencies: code, name, and whether it is a department; else it is a commune.
const MORE: [(&str, &str, bool); 14] = [
    ("SKHCN", "Sở Khoa học và Công nghệ", true),
    ("SNGV", "Sở Ngoại vụ", true),
    ("BQLDA", "Ban Quản lý dự án đầu tư xây dựng tỉnh", true),
    ("XHA", "Ủy ban nhân dân xã Hòa An", false),
    ("XTL", "Ủy ban nhân dân xã Tân Lâm", false),
    ("XPS", "Ủy ban nhân dân xã Phước Sơn", false),
    ("XVT", "Ủy ban nhân dân xã Vĩnh Tân", false),
    ("XDH", "Ủy ban nhân dân xã Đông Hải", false),
    ("XSC", "Ủy ban nhân dân xã Suối Cát", false),
    ("XLT", "Ủy ban nhân dân xã Long Thạnh", false),
    ("PTH", "Ủy ban nhân dân phường Thanh Hà", false),
    ("PNX", "Ủy ban nhân dân phường Ngọc Xuân", false),
    ("PBC", "Ủy ban nhân dân phường Ba Cảng", false),
    ("DKHS", "Ủy ban nhân dân đặc khu Hải Sơn", false),
];

/// Family names, then given names, of officers who do not exist.
const NAMES: [[&str; 7]; 2] = [
    ["Nguyễn Thị", "Trần Văn", "Lê Thị", "Phạm Đức", "Huỳnh Thị", "Võ Minh", "Bùi Ngọc"],
    ["An", "Bình", "Chi", "Dũng", "Giang", "Hiếu", "Khánh"],
];

/// The offices of an agency: the end of the code, the title, the role, the level, the address, the officer's code.
const OFFICES: [[&str; 6]; 3] = [
    ["VP.DM", "Cán bộ đầu mối", "LO", "liaison", "dau-moi", "dau-moi"],
    ["VP.TP", "Chánh Văn phòng", "LH", "unit-head", "truong-phong", "truong-phong"],
    ["LD", "Thủ trưởng", "AL", "chief", "lanh-dao", "lanh-dao"],
];

/// Writes the province where an installation looks for its policy, and reads it as the installation will.
pub fn settle(place: &Installation) -> Policy {
    let text = |name: &str| PolicyText { name: name.to_owned(), text: written(name) };
    let texts = FILES.map(text);
    place.with_policy(texts.iter().map(|file| (file.name.as_str(), file.text.as_str())));
    let policy = Policy::from_texts(&texts).expect("the policy of the province");
    assert_eq!(policy.organisation.agencies().count(), AGENCIES);
    policy
}

/// A file of its policy.
fn written(name: &str) -> String {
    let text = file(name);
    match name {
        "organisation.toml" => organisation(&text),
        "duties.toml" => duties(&text, &[]),
        _ => text,
    }
}

/// `duties.toml` by which [`QUARTERLY`] reports each quarter.
pub fn amended_duties() -> String {
    duties(&file("duties.toml"), &[QUARTERLY])
}

/// All departments report and are invited.
fn duties(text: &str, quarterly: &[&str]) -> String {
    let more: Vec<_> = MORE.iter().filter(|(_, _, department)| *department).map(|(id, ..)| *id).collect();
    let all = text.replace("\"BQLKKT\",\n", &format!("\"BQLKKT\", \"{}\",\n", more.join("\", \"")));
    let begins = all.find("monthly = [").expect("who reports each month");
    let ends = begins + all[begins..].find(']').expect("its end");
    let mut monthly = all[begins..ends].to_owned();
    for agency in quarterly {
        monthly = monthly.replace(&format!("\"{agency}\", "), "");
    }
    let quarterly = format!("quarterly = {quarterly:?}");
    format!("{}{monthly}{}", &all[..begins], &all[ends..].replace("quarterly = []", &quarterly))
}

/// The organisation: the example's, whose merger takes place in July, and more of the same shape.
fn organisation(text: &str) -> String {
    let mut all = text.replace("2026-10-01", REORGANISED);
    for (place, (id, name, department)) in MORE.iter().enumerate() {
        let (kind, lower) = (if *department { "department" } else { "commune-pc" }, id.to_lowercase());
        write!(
            all,
            "\n[[agency]]\nid = \"{id}\"\nname = \"{name}\"\nkind = \"{kind}\"\nside = \"B\"\nsuperior = \"UBND\"\n\
             phone = \"0258 382 23{place:02}\"\n\n\
             [[unit]]\nid = \"{id}.VP\"\nagency = \"{id}\"\nname = \"Văn phòng\"\nliaison = true\n"
        )
        .expect("a text");
        for (nth, [end, title, role, level, mail, officer]) in OFFICES.into_iter().enumerate() {
            let unit = if role == "AL" { String::new() } else { format!("unit = \"{id}.VP\"\n") };
            let [families, given] = NAMES;
            let person = format!("{} {}", families[(place + nth) % 7], given[(place * 3 + nth * 2) % 7]);
            write!(
                all,
                "\n[[office]]\nid = \"{id}.{end}\"\nagency = \"{id}\"\n{unit}title = \"{title} {name}\"\n\
                 role = \"{role}\"\nlevel = \"{level}\"\nemail = \"{mail}@{lower}.tinh.example\"\n\n\
                 [[officer]]\nid = \"{lower}.{officer}\"\nname = \"{person}\"\noffice = \"{id}.{end}\"\n"
            )
            .expect("a text");
        }
    }
    all
}
