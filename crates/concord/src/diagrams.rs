//! `docs/diagrams/`: how each region of a case moves, drawn from its table so that it cannot drift.

mod places;
mod words;

use std::{fmt::Write as _, fs, path::Path};

use domain::{
    labels::{self, Label},
    regions::{self, Region},
};
use events::Kind;

use crate::flow::golden;
use words::{number, said, shifted, wrapped};

/// A column, a row, and half a box, in pixels.
const COLUMN: f64 = 190.0;
const ROW: f64 = 118.0;
const HALF: (f64, f64) = (76.0, 25.0);

/// How far apart two arrows between the same boxes bend.
const BEND: f64 = 22.0;

/// The height of a line of a label, and the width of one of its letters.
const LINE: f64 = 14.0;
const LETTER: f64 = 6.6;

/// Which words of a label are taken.
type Language = fn(Label) -> &'static str;

/// The languages: what follows a diagram's name, and which words are taken.
const LANGUAGES: [(&str, Language); 2] = [("", |label| label.en), (".vi", |label| label.vi)];

#[test]
fn the_regions_of_the_process_are_drawn_as_the_code_has_them() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/diagrams");
    let mut names = Vec::new();
    for region in regions::ALL {
        for (suffix, words) in LANGUAGES {
            let (name, svg) = (format!("{}{suffix}.svg", region.name), Drawing::of(region, words).svg());
            golden(&directory.join(&name), &svg);
            names.push(name);
        }
    }
    for entry in fs::read_dir(directory).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(names.contains(&name), "docs/diagrams/{name} is of no region: remove it");
    }
}

/// A point on the paper.
type Point = (f64, f64);

/// The way of an arrow, from the middle of what has a size to the middle of a box, bent to its left; and whether its
/// words stand on the left.
struct Way {
    start: Point,
    end: Point,
    size: Point,
    bend: f64,
    left: bool,
}

/// A diagram as it grows, with the rectangle that it fills.
struct Drawing {
    title: String,
    arrows: String,
    boxes: String,
    halos: String,
    texts: String,
    from: Point,
    to: Point,
}

impl Drawing {
    fn of(region: &Region, words: Language) -> Self {
        let mut drawing = Self {
            title: words(region.label).to_owned(),
            arrows: String::new(),
            boxes: String::new(),
            halos: String::new(),
            texts: String::new(),
            from: (f64::MAX, f64::MAX),
            to: (f64::MIN, f64::MIN),
        };
        let mut drawn = Vec::new();
        for (name, column, row) in places::of(region.name) {
            let state = region.state(name).expect("a state of the region");
            let looks = match drawn.contains(name) {
                true => "again",
                false if state.name == "overdue" => "overdue",
                false if region.is_last(name) => "last",
                false => "state",
            };
            drawn.push(*name);
            drawing.state((column * COLUMN, row * ROW), words(state.label), looks);
        }
        assert!(
            region.states.iter().all(|state| drawn.contains(&state.name)),
            "{}: a place each",
            region.name
        );
        let or = words(Label { vi: "hoặc", en: "or" });
        for each in region.moves {
            // What is taken over from a merged case begins where it stood: arrows to all would say nothing.
            let kinds = each.facts.iter().filter(|kind| **kind != Kind::IntakesAdopted);
            let facts: Vec<_> = kinds.map(|kind| words(labels::happening(*kind))).collect();
            if facts.is_empty() {
                continue;
            }
            let Some(from) = each.from else {
                drawing.begins(region, each.to, &facts, or);
                continue;
            };
            let (start, end) = nearest(region, from, each.to);
            let back = region.moves.iter().any(|other| {
                (other.from, other.to) == (Some(each.to), from)
                    && nearest(region, each.to, from) == (end, start)
            });
            let left = places::ON_THE_LEFT.contains(&(region.name, from, each.to));
            let bend = if back { BEND } else { 0.0 };
            drawing.arrow(&Way { start, end, size: HALF, bend, left }, &facts, or);
        }
        if let Some(initial) = region.initial() {
            drawing.begins(region, initial.name, &[], or);
        }
        drawing
    }

    fn state(&mut self, (x, y): Point, label: &str, looks: &str) {
        let (w, h) = HALF;
        let rect = |inset: f64| {
            let (x, y, w, h) = (x - w + inset, y - h + inset, 2.0 * (w - inset), 2.0 * (h - inset));
            format!(
                "<rect class=\"{looks}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" rx=\"{:.1}\"/>\n",
                10.0 - inset
            )
        };
        self.boxes.push_str(&rect(0.0));
        if looks == "last" {
            self.boxes.push_str(&rect(4.0));
        }
        let lines = wrapped(label, 16);
        let top = y + 5.0 - 8.5 * (number(lines.len()) - 1.0);
        for (line, at) in lines.iter().zip(0_u32..) {
            let y = top + 17.0 * f64::from(at);
            let _ = writeln!(self.boxes, "<text class=\"name\" x=\"{x:.1}\" y=\"{y:.1}\">{line}</text>");
        }
        self.reaches((x - w, y - h), (x + w, y + h));
    }

    /// The thing begins: a dot, and an arrow to its first state.
    fn begins(&mut self, region: &Region, state: &str, facts: &[&str], or: &str) {
        let (_, column, row) =
            places::of(region.name).iter().find(|(name, ..)| *name == state).expect("a place");
        let far = if facts.is_empty() { 0.9 } else { places::START };
        let (dot, end) = (((column - far) * COLUMN, row * ROW), (column * COLUMN, row * ROW));
        let _ = writeln!(self.boxes, "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"6\"/>", dot.0, dot.1);
        self.reaches((dot.0 - 6.0, dot.1 - 6.0), (dot.0 + 6.0, dot.1 + 6.0));
        self.arrow(&Way { start: dot, end, size: (6.0, 6.0), bend: 0.0, left: false }, facts, or);
    }

    /// An arrow with the facts that make the move.
    fn arrow(&mut self, way: &Way, facts: &[&str], or: &str) {
        let Way { start, end, size, bend, left } = *way;
        let (dx, dy) = (end.0 - start.0, end.1 - start.1);
        let length = dx.hypot(dy);
        let normal = (dy / length, -dx / length);
        let middle = |by: f64| {
            (f64::midpoint(start.0, end.0) + normal.0 * by, f64::midpoint(start.1, end.1) + normal.1 * by)
        };
        let control = middle(2.0 * bend);
        let (a, b) = (border(start, control, size, 0.0), border(end, control, HALF, 3.0));
        let _ = writeln!(
            self.arrows,
            "<path d=\"M{:.1} {:.1} Q{:.1} {:.1} {:.1} {:.1}\" />",
            a.0, a.1, control.0, control.1, b.0, b.1
        );
        let far = (b.0 - control.0).hypot(b.1 - control.1);
        let (tx, ty) = ((b.0 - control.0) / far, (b.1 - control.1) / far);
        let back = |by: f64| (b.0 - 9.0 * tx - by * ty, b.1 - 9.0 * ty + by * tx);
        let (one, other) = (back(4.0), back(-4.0));
        let _ = writeln!(
            self.arrows,
            "<path class=\"tip\" d=\"M{:.1} {:.1} L{:.1} {:.1} L{:.1} {:.1} Z\"/>",
            b.0, b.1, one.0, one.1, other.0, other.1
        );
        let level = dy.abs() < 1.0;
        let upright = dx.abs() < 1.0;
        let room = if level {
            ((b.0 - a.0).abs() - 12.0) / LETTER
        } else if upright && !left {
            17.0
        } else {
            22.0
        };
        let lines = said(facts, or, room);
        let tall = LINE * number(lines.len());
        // The middle of what is seen of the curve, not of the line between the boxes.
        let half = |a: f64, control: f64, b: f64| {
            if bend > 0.0 { 0.25 * a + 0.5 * control + 0.25 * b } else { f64::midpoint(a, b) }
        };
        let at = (half(a.0, control.0, b.0), half(a.1, control.1, b.1));
        let below = bend > 0.0 && normal.1 > 0.5;
        let (x, y, anchor) = match (level, upright) {
            (true, _) => (at.0, if below { at.1 + 6.0 } else { at.1 - 6.0 - tall }, "middle"),
            (_, true) if left || bend > 0.0 && normal.0 < 0.0 => (at.0 - 7.0, at.1 - tall / 2.0, "end"),
            (_, true) => (at.0 + 7.0, at.1 - tall / 2.0, "start"),
            _ => (at.0, at.1 - tall / 2.0, "middle"),
        };
        for (line, at) in lines.iter().zip(1_u32..) {
            let y = y + LINE * f64::from(at) - 3.5;
            let place = format!("text-anchor=\"{anchor}\" x=\"{x:.1}\" y=\"{y:.1}\"");
            let wide = number(line.chars().count()) * (LETTER - 0.5) + 6.0;
            let from = shifted(x, wide, anchor);
            let (top, tall) = (y - LINE + 3.5, LINE + 0.5);
            let _ = writeln!(
                self.halos,
                "<rect class=\"halo\" x=\"{from:.1}\" y=\"{top:.1}\" width=\"{wide:.1}\" height=\"{tall:.1}\" rx=\"4\"/>"
            );
            let _ = writeln!(self.texts, "<text class=\"fact\" {place}>{line}</text>");
        }
        let widest = lines.iter().map(|line| number(line.chars().count()) * LETTER).fold(0.0, f64::max);
        let from = shifted(x, widest, anchor);
        self.reaches((from, y), (from + widest, y + tall));
    }

    fn reaches(&mut self, from: Point, to: Point) {
        self.from = (self.from.0.min(from.0), self.from.1.min(from.1));
        self.to = (self.to.0.max(to.0), self.to.1.max(to.1));
    }

    fn svg(&self) -> String {
        let (x, y) = (self.from.0 - 16.0, self.from.1 - 16.0);
        let (w, h) = (self.to.0 - x + 16.0, self.to.1 - y + 16.0);
        let Self { title, arrows, boxes, halos, texts, .. } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"{x:.0} {y:.0} {w:.0} {h:.0}\" width=\"{w:.0}\" \
             height=\"{h:.0}\" role=\"img\">\n<title>{title}</title>\n<style>{STYLE}</style>\n             <rect class=\"paper\" x=\"{x:.0}\" y=\"{y:.0}\" width=\"{w:.0}\" height=\"{h:.0}\"/>\n\
             {arrows}{halos}{boxes}{texts}</svg>\n"
        )
    }
}

const STYLE: &str = "\n\
    text { font-family: 'Segoe UI', 'Noto Sans', 'DejaVu Sans', Arial, sans-serif }\n\
    .paper { fill: #ffffff }\n\
    .state { fill: #e9f1fa; stroke: #2f6096; stroke-width: 1.5 }\n\
    .last { fill: #f2f2ef; stroke: #5c5f63; stroke-width: 1.3 }\n\
    .overdue { fill: #fdebdc; stroke: #c4561a; stroke-width: 1.5 }\n\
    .again { fill: #ffffff; stroke: #8a97a6; stroke-width: 1.2; stroke-dasharray: 5 4 }\n\
    .name { font-size: 13.5px; font-weight: 600; text-anchor: middle; fill: #1c2733 }\n\
    .fact { font-size: 11.5px; fill: #37424e; }\n\
    .halo { fill: #ffffff }\n\
    path { fill: none; stroke: #55626f; stroke-width: 1.4 }\n\
    .tip { fill: #55626f; stroke: none }\n\
    circle { fill: #1c2733 }\n";

/// The places of two states that lie nearest to each other.
fn nearest(region: &Region, from: &str, to: &str) -> (Point, Point) {
    let of = |wanted: &str| -> Vec<Point> {
        let places = places::of(region.name).iter().filter(|(name, ..)| *name == wanted);
        places.map(|(_, column, row)| (column * COLUMN, row * ROW)).collect()
    };
    let ends = of(to);
    let pairs = of(from).into_iter().flat_map(|start| ends.iter().map(move |end| (start, *end)));
    let apart = |(start, end): &(Point, Point)| (end.0 - start.0).hypot(end.1 - start.1);
    pairs.min_by(|one, other| apart(one).total_cmp(&apart(other))).expect("a place each")
}

/// Where a line from the middle of a box towards a point leaves the box, and a little further.
fn border(middle: Point, towards: Point, size: Point, further: f64) -> Point {
    let (dx, dy) = (towards.0 - middle.0, towards.1 - middle.1);
    let share = (size.0 / dx.abs()).min(size.1 / dy.abs());
    let share = share + further / dx.hypot(dy);
    (middle.0 + dx * share, middle.1 + dy * share)
}
