//! What a file is, by what it holds and not by what it says it is. What is not on the list is not taken in.

use std::io::{self, Read, Seek, SeekFrom};

/// A kind of file that is taken in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// Its media type.
    pub(crate) media_type: &'static str,
    /// How names of such files end; the first is given to one that ends otherwise.
    pub(crate) endings: &'static [&'static str],
}

const fn kind(media_type: &'static str, endings: &'static [&'static str]) -> Kind {
    Kind { media_type, endings }
}

/// Kinds that are known by their first bytes.
const BY_START: [(&[u8], Kind); 3] = [
    (b"%PDF-", kind("application/pdf", &["pdf"])),
    (b"\x89PNG\r\n\x1a\n", kind("image/png", &["png"])),
    (b"\xff\xd8\xff", kind("image/jpeg", &["jpg", "jpeg"])),
];

/// Documents in a ZIP, by the part that only they have.
const BY_PART: [(&str, Kind); 3] = [
    (
        "word/document.xml",
        kind("application/vnd.openxmlformats-officedocument.wordprocessingml.document", &["docx"]),
    ),
    ("xl/workbook.xml", kind("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", &["xlsx"])),
    (
        "ppt/presentation.xml",
        kind("application/vnd.openxmlformats-officedocument.presentationml.presentation", &["pptx"]),
    ),
];

/// Documents in a ZIP that names its media type in its first part.
const BY_NAME: [Kind; 3] = [
    kind("application/vnd.oasis.opendocument.text", &["odt"]),
    kind("application/vnd.oasis.opendocument.spreadsheet", &["ods"]),
    kind("application/vnd.oasis.opendocument.presentation", &["odp"]),
];

/// Documents in a compound file, by the stream that only they have.
const BY_STREAM: [(&str, Kind); 4] = [
    ("WordDocument", kind("application/msword", &["doc"])),
    ("Workbook", kind("application/vnd.ms-excel", &["xls"])),
    ("Book", kind("application/vnd.ms-excel", &["xls"])),
    ("PowerPoint Document", kind("application/vnd.ms-powerpoint", &["ppt"])),
];

/// Streams of a compound file that hold programs.
const MACROS: [&str; 4] = ["Macros", "VBA", "_VBA_PROJECT", "_VBA_PROJECT_CUR"];

const XML: Kind = kind("application/xml", &["xml", "edxml"]);
const TEXT: Kind = kind("text/plain; charset=utf-8", &["txt", "csv", "md"]);

/// What browsers take for a page, however it is called.
const PAGES: [&str; 6] = ["<!doctype", "<html", "<svg", "<script", "<iframe", "<body"];

/// Elements whose document is a page, whatever comes before.
const PAGE_ROOTS: [&str; 4] = ["html", "svg", "script", "stylesheet"];

/// The start of a file that is looked at.
const START: usize = 64 << 10;

/// The most that the list of a ZIP's parts may take.
const LARGEST_LIST: u32 = 4 << 20;

/// The most sectors that the list of a compound file's streams may take.
const MOST_SECTORS: usize = 4_096;

/// What a file is; `None` for what is not taken in.
pub(crate) fn of(file: &mut (impl Read + Seek)) -> io::Result<Option<Kind>> {
    let start = read_at(file, 0, START)?;
    if let Some((_, kind)) = BY_START.into_iter().find(|(first, _)| start.starts_with(first)) {
        return Ok(Some(kind));
    }
    let found = if start.starts_with(b"PK\x03\x04") {
        in_a_zip(file)
    } else if start.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        in_a_compound(file, &start)
    } else {
        in_text(file, &start)
    };
    match found {
        // A file that ends too early is not what it began as.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        found => found,
    }
}

/// At most so many bytes from a place on.
fn read_at(file: &mut (impl Read + Seek), at: u64, most: usize) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    file.by_ref().take(u64::try_from(most).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    number(bytes, at).map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    number(bytes, at).map(u32::from_le_bytes)
}

/// A part of a ZIP: its name, and where it begins.
type Part = (String, u32);

fn in_a_zip(file: &mut (impl Read + Seek)) -> io::Result<Option<Kind>> {
    let Some(parts) = zip_parts(file)? else { return Ok(None) };
    let has = |wanted: &str| parts.iter().any(|(name, _)| name == wanted);
    let programs = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.ends_with("vbaproject.bin") || name.starts_with("basic/") || name.starts_with("scripts/")
    };
    if parts.iter().any(|(name, _)| programs(name)) {
        return Ok(None);
    }
    if has("[Content_Types].xml") {
        return Ok(BY_PART.into_iter().find(|(part, _)| has(part)).map(|(_, kind)| kind));
    }
    let Some((_, at)) = parts.iter().find(|(name, _)| name == "mimetype") else { return Ok(None) };
    // The name of the kind stands uncompressed behind the part's own header.
    let header = read_at(file, u64::from(*at), 256)?;
    let (Some(name), Some(extra), Some(size)) =
        (u16_at(&header, 26), u16_at(&header, 28), u32_at(&header, 22))
    else {
        return Ok(None);
    };
    let begins = 30 + usize::from(name) + usize::from(extra);
    let said = header.get(begins..).unwrap_or_default();
    let said = said.get(..usize::try_from(size).unwrap_or(usize::MAX)).unwrap_or_default();
    Ok(BY_NAME.into_iter().find(|kind| kind.media_type.as_bytes() == said))
}

/// The parts of a ZIP, as the list at its end has them.
fn zip_parts(file: &mut (impl Read + Seek)) -> io::Result<Option<Vec<Part>>> {
    const END: usize = 22;
    let size = file.seek(SeekFrom::End(0))?;
    let tail = read_at(file, size.saturating_sub(65_557), 65_557)?;
    let latest = tail.len().saturating_sub(END);
    let Some(end) = (0..=latest).rev().find(|&at| tail[at..].starts_with(b"PK\x05\x06")) else {
        return Ok(None);
    };
    let (Some(length), Some(begins)) = (u32_at(&tail, end + 12), u32_at(&tail, end + 16)) else {
        return Ok(None);
    };
    if length > LARGEST_LIST {
        return Ok(None);
    }
    let list = read_at(file, u64::from(begins), usize::try_from(length).unwrap_or(0))?;
    let (mut parts, mut at) = (Vec::new(), 0);
    while list[at.min(list.len())..].starts_with(b"PK\x01\x02") {
        let lengths = [28, 30, 32].map(|field| u16_at(&list, at + field).map(usize::from));
        let ([Some(name), Some(extra), Some(comment)], Some(place)) = (lengths, u32_at(&list, at + 42))
        else {
            return Ok(None);
        };
        let Some(text) = list.get(at + 46..at + 46 + name) else { return Ok(None) };
        parts.push((String::from_utf8_lossy(text).into_owned(), place));
        at += 46 + name + extra + comment;
    }
    Ok(Some(parts))
}

fn in_a_compound(file: &mut (impl Read + Seek), start: &[u8]) -> io::Result<Option<Kind>> {
    let names = stream_names(file, start)?.unwrap_or_default();
    if names.iter().any(|name| MACROS.contains(&name.as_str())) {
        return Ok(None);
    }
    let found = BY_STREAM.into_iter().find(|(stream, _)| names.iter().any(|name| name == stream));
    Ok(found.map(|(_, kind)| kind))
}

/// The names of a compound file's streams, along the chain of the sectors that list them.
fn stream_names(file: &mut (impl Read + Seek), start: &[u8]) -> io::Result<Option<Vec<String>>> {
    const LAST: u32 = 0xFFFF_FFFA;
    let (Some(shift @ (9 | 12)), Some(mut sector)) = (u16_at(start, 30), u32_at(start, 48)) else {
        return Ok(None);
    };
    let size = 1_usize << shift;
    let place = |sector: u32| (u64::from(sector) + 1) << shift;
    let mut names = Vec::new();
    for _ in 0..MOST_SECTORS {
        if sector >= LAST {
            return Ok(Some(names));
        }
        for entry in read_at(file, place(sector), size)?.chunks_exact(128) {
            let length = u16_at(entry, 64).map_or(0, usize::from).clamp(2, 64) - 2;
            let letters = entry[..length].chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
            names.push(char::decode_utf16(letters).map(|letter| letter.unwrap_or('?')).collect());
        }
        // Which sector follows stands in the table; where the table is stands in the first sector.
        let per_table = u32::try_from(size / 4).unwrap_or(u32::MAX);
        let (table, within) = (sector / per_table, sector % per_table);
        let Some(table) = usize::try_from(table).ok().filter(|table| *table < 109) else { return Ok(None) };
        let Some(table) = u32_at(start, 76 + 4 * table).filter(|table| *table < LAST) else {
            return Ok(None);
        };
        let next = read_at(file, place(table) + 4 * u64::from(within), 4)?;
        let Some(next) = u32_at(&next, 0) else { return Ok(None) };
        sector = next;
    }
    Ok(None)
}

/// Text in UTF-8 to its end, XML or plain; no page and no script.
fn in_text(file: &mut (impl Read + Seek), start: &[u8]) -> io::Result<Option<Kind>> {
    if start.is_empty() || !is_text(file)? {
        return Ok(None);
    }
    let beginning = String::from_utf8_lossy(start).to_lowercase();
    let beginning = beginning.trim_start_matches('\u{FEFF}').trim_start();
    if beginning.starts_with("#!") || PAGES.iter().any(|page| beginning.contains(page)) {
        return Ok(None);
    }
    if !beginning.starts_with('<') {
        return Ok(Some(TEXT));
    }
    let root = root(beginning).filter(|root| !PAGE_ROOTS.contains(root));
    Ok(root.map(|_| XML))
}

/// The first element of an XML document, without its prefix.
fn root(mut text: &str) -> Option<&str> {
    loop {
        text = text.trim_start();
        if let Some(rest) = text.strip_prefix("<?") {
            text = rest.split_once("?>")?.1;
        } else if let Some(rest) = text.strip_prefix("<!--") {
            text = rest.split_once("-->")?.1;
        } else {
            let name = text.strip_prefix('<')?.split([' ', '\t', '\r', '\n', '/', '>']).next()?;
            let name = name.rsplit(':').next()?;
            return name.starts_with(char::is_alphabetic).then_some(name);
        }
    }
}

/// Whether all of it is UTF-8 without characters that steer a machine.
fn is_text(file: &mut (impl Read + Seek)) -> io::Result<bool> {
    file.seek(SeekFrom::Start(0))?;
    let (mut buffer, mut held) = (vec![0; START], 0);
    loop {
        let read = file.read(&mut buffer[held..])?;
        let bytes = &buffer[..held + read];
        let (text, cut) = match std::str::from_utf8(bytes) {
            Ok(text) => (text, bytes.len()),
            // A character may lie across two pieces.
            Err(error) if error.error_len().is_none() && read > 0 => {
                let whole = error.valid_up_to();
                (std::str::from_utf8(&bytes[..whole]).unwrap_or_default(), whole)
            }
            Err(_) => return Ok(false),
        };
        if text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}')) {
            return Ok(false);
        }
        if read == 0 {
            return Ok(true);
        }
        let end = held + read;
        buffer.copy_within(cut..end, 0);
        held = end - cut;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn media_type(bytes: &[u8]) -> Option<&'static str> {
        of(&mut Cursor::new(bytes)).unwrap().map(|kind| kind.media_type)
    }

    /// A ZIP of parts that are not compressed.
    fn zip(parts: &[(&str, &str)]) -> Vec<u8> {
        let (mut file, mut list) = (Vec::new(), Vec::new());
        let short = |number: usize| u16::try_from(number).unwrap().to_le_bytes();
        let long = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
        for (name, content) in parts {
            let at = file.len();
            let sizes = [long(0), long(content.len()), long(content.len())].concat();
            file.extend([b"PK\x03\x04".as_slice(), &[0; 10], &sizes].concat());
            file.extend([short(name.len()), short(0)].concat());
            file.extend([name.as_bytes(), content.as_bytes()].concat());
            list.extend([b"PK\x01\x02".as_slice(), &[0; 12], &sizes].concat());
            list.extend([short(name.len()).as_slice(), &[0; 12], &long(at), name.as_bytes()].concat());
        }
        let (begins, length) = (file.len(), list.len());
        file.extend(list);
        file.extend([b"PK\x05\x06".as_slice(), &[0; 8], &long(length), &long(begins), &[0; 2]].concat());
        file
    }

    /// A compound file whose list of streams takes two sectors, the second of them further behind.
    fn compound(names: &[&str]) -> Vec<u8> {
        let mut header = vec![0; 512];
        header[..8].copy_from_slice(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
        header[30] = 9;
        header[48..52].copy_from_slice(&1_u32.to_le_bytes());
        header[80..].fill(0xFF);
        // Sector 0 is the table, 1 and 3 the list.
        let mut table = vec![0xFF; 512];
        table[4..8].copy_from_slice(&3_u32.to_le_bytes());
        table[12..16].copy_from_slice(&0xFFFF_FFFE_u32.to_le_bytes());
        let mut list = vec![0; 1_024];
        for (entry, name) in list.chunks_exact_mut(128).zip(["Root Entry"].iter().chain(names)) {
            let letters: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
            entry[..letters.len()].copy_from_slice(&letters);
            entry[64..66].copy_from_slice(&u16::try_from(letters.len() + 2).unwrap().to_le_bytes());
        }
        [header, table, list[..512].to_vec(), vec![0; 512], list[512..].to_vec()].concat()
    }

    #[test]
    fn what_is_on_the_list_is_known_by_its_content() {
        let docx = zip(&[("[Content_Types].xml", "<Types/>"), ("word/document.xml", "<w/>")]);
        let xlsx = zip(&[("xl/workbook.xml", "<w/>"), ("[Content_Types].xml", "<Types/>")]);
        let odt = zip(&[("mimetype", "application/vnd.oasis.opendocument.text"), ("content.xml", "<o/>")]);
        for (bytes, expected) in [
            (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec(), "application/pdf"),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), "image/png"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF".to_vec(), "image/jpeg"),
            (docx, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
            (xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (odt, "application/vnd.oasis.opendocument.text"),
            (compound(&["WordDocument"]), "application/msword"),
            (compound(&["a", "b", "c", "d", "Workbook"]), "application/vnd.ms-excel"),
            ("Báo cáo: cá chết\r\n\tở vịnh".into(), "text/plain; charset=utf-8"),
            ("<?xml version=\"1.0\"?>\n<!-- x --><edXML:Envelope a=\"b\"/>".into(), "application/xml"),
            ("\u{FEFF}<edXMLEnvelope>".into(), "application/xml"),
        ] {
            assert_eq!(media_type(&bytes), Some(expected));
        }
    }

    #[test]
    fn what_runs_or_shows_itself_is_not_taken_in() {
        let types = ("[Content_Types].xml", "<Types/>");
        for bytes in [
            b"MZ\x90\0\x03".to_vec(),
            b"\x7fELF\x02\x01".to_vec(),
            b"#!/bin/sh\nrm -rf /\n".to_vec(),
            b"<!DOCTYPE html><p>".to_vec(),
            b"\n <HTML><body>".to_vec(),
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec(),
            b"<?xml version=\"1.0\"?><x:svg xmlns:x=\"http://www.w3.org/2000/svg\"/>".to_vec(),
            b"<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY e \"e\">]><x/>".to_vec(),
            b"text <script>alert(1)</script>".to_vec(),
            b"< no element".to_vec(),
            b"GIF89a\x01\0\x01\0".to_vec(),
            b"\xff\xfet\0e\0x\0t\0".to_vec(),
            b"half a letter \xc3".to_vec(),
            b"a bell \x07".to_vec(),
            Vec::new(),
            zip(&[("setup.exe", "MZ")]),
            zip(&[types, ("word/document.xml", "<w/>"), ("word/vbaProject.bin", "x")]),
            zip(&[types]),
            zip(&[("mimetype", "application/epub+zip")]),
            b"PK\x03\x04 cut short".to_vec(),
            compound(&["WordDocument", "Macros"]),
            compound(&["Property Table of an installer"]),
            compound(&["WordDocument"])[..600].to_vec(),
        ] {
            assert_eq!(media_type(&bytes), None, "{:?}", String::from_utf8_lossy(&bytes));
        }
    }

    #[test]
    fn a_letter_may_lie_across_two_pieces() {
        for before in 0..4 {
            let text = format!("{}{}", "x".repeat(before), "ế".repeat(START));
            assert_eq!(media_type(text.as_bytes()), Some(TEXT.media_type));
            let mut broken = text.into_bytes();
            broken.pop();
            assert_eq!(media_type(&broken), None);
        }
    }
}
