//! Words on the page: what is written for people, with a little markup, as HTML.

/// A text in which nothing is markup.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// A text with `code` and *stress*.
pub(super) fn inline(text: &str) -> String {
    let mut out = String::new();
    for (number, part) in text.split('`').enumerate() {
        if number % 2 == 1 {
            out.push_str(&tagged("code", part));
            continue;
        }
        for (number, part) in part.split('*').enumerate() {
            if number % 2 == 1 {
                out.push_str(&tagged("em", part));
            } else {
                out.push_str(&escaped(part));
            }
        }
    }
    out
}

fn tagged(tag: &str, text: &str) -> String {
    format!("<{tag}>{}</{tag}>", escaped(text))
}

/// Paragraphs, headings and lists.
pub(super) fn prose(text: &str) -> String {
    let blocks = text.split("\n\n").map(str::trim).filter(|block| !block.is_empty());
    let written = blocks.map(|block| {
        if let Some(heading) = block.strip_prefix("## ") {
            return format!("<h4>{}</h4>", inline(heading));
        }
        if !block.starts_with("- ") {
            return format!("<p>{}</p>", inline(block));
        }
        let items =
            block.split("\n- ").map(|item| format!("<li>{}</li>", inline(item.trim_start_matches("- "))));
        format!("<ul>{}</ul>", items.collect::<String>())
    });
    written.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_no_markup_but_the_little_that_is_meant() {
        assert_eq!(inline("a < `b>` & *c*"), "a &lt; <code>b&gt;</code> &amp; <em>c</em>");
        assert_eq!(prose("## A\n\nb\n\n- c\n- d"), "<h4>A</h4><p>b</p><ul><li>c</li><li>d</li></ul>");
    }
}
