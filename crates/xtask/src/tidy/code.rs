//! Just enough of Rust's grammar to tell code from what is quoted or commented.

/// The line without its comment and without what is inside its literals.
pub fn code_of(line: &str) -> String {
    let mut code = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['"', '\'', '/']) {
        let (before, tail) = rest.split_at(at);
        code.push_str(before);
        if tail.starts_with("//") {
            return code;
        }
        let (kept, inside) = tail.split_at(1);
        code.push_str(kept);
        rest = match kept {
            "\"" => after_string(&code, inside),
            // A quote or a backslash as a character literal; any other quote may be a lifetime.
            "'" if inside.starts_with(['"', '\\']) => after_char(inside),
            _ => inside,
        };
    }
    code + rest
}

/// The line, counted from 1, on which the `#[cfg(test)]` module begins: by our custom it comes last.
pub fn test_module_start(text: &str) -> Option<usize> {
    let lines: Vec<&str> = text.lines().collect();
    lines
        .windows(2)
        .position(|pair| pair[0].trim() == "#[cfg(test)]" && pair[1].trim_start().starts_with("mod "))
        .map(|index| index + 1)
}

/// Does the code call a function of this name, as `name(` or `path::name(`? Methods do not count.
pub fn calls(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(start, _)| {
        let before = &code[..start];
        let called = code[start + name.len()..].starts_with('(');
        let continued = before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.');
        called && !continued && !before.ends_with("fn ")
    })
}

/// What follows a string literal; `opening` ends with its opening quote.
fn after_string<'a>(opening: &str, inside: &'a str) -> &'a str {
    let opening = opening.trim_end_matches('"');
    let bare = opening.trim_end_matches('#');
    if bare.ends_with('r') {
        let closing = format!("\"{}", "#".repeat(opening.len() - bare.len()));
        return inside.split_once(&closing).map_or("", |(_, after)| after);
    }
    let mut escaped = false;
    let end = inside.find(|c: char| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.map_or("", |end| &inside[end + 1..])
}

/// What follows a character literal that is a quote or begins with a backslash.
fn after_char(inside: &str) -> &str {
    let first = if inside.starts_with('\\') { 2 } else { 1 };
    inside.get(first..).and_then(|tail| tail.split_once('\'')).map_or("", |(_, after)| after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_quotes_are_not_code() {
        assert_eq!(code_of("a(); // dbg!(a)"), "a(); ");
        assert_eq!(code_of("half(a / b)"), "half(a / b)");
        assert_eq!(code_of(r#"say("dbg!(\"x\") // no", 1)"#), r#"say(", 1)"#);
        assert_eq!(code_of(r##"say(r#"dbg!("x")"#, 1)"##), r#"say(r#", 1)"#);
        assert_eq!(code_of(r#"if c == '"' { f(c) }"#), "if c == ' { f(c) }");
        assert_eq!(code_of(r"if c == '\'' { f(c) }"), "if c == ' { f(c) }");
        assert_eq!(code_of("fn f<'a>(x: &'a str) {}"), "fn f<'a>(x: &'a str) {}");
    }

    #[test]
    fn a_call_is_told_from_a_method_and_a_definition() {
        assert!(calls("thread::sleep(D)", "sleep"));
        assert!(calls("sleep(D).await", "sleep"));
        assert!(!calls("clock.sleep(D)", "sleep"));
        assert!(!calls("async fn sleep(d: D) {}", "sleep"));
        assert!(!calls("oversleep(D); sleeping(D)", "sleep"));
    }

    #[test]
    fn the_test_module_is_found_and_a_lone_attribute_is_not_one() {
        assert_eq!(test_module_start("fn a() {}\n\n#[cfg(test)]\nmod tests {\n}\n"), Some(3));
        assert_eq!(test_module_start("#[cfg(test)]\nfn helper() {}\n"), None);
    }
}
