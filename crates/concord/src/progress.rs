//! How far a long command is: a bar on a terminal, nothing anywhere else.

use std::io::{self, IsTerminal as _, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How much is gathered before the bar stands aside for it.
const GATHERED: usize = 16 << 10;

/// A bar on stderr, if that is a terminal.
#[derive(Clone, Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// One that shows nothing yet.
    pub(crate) fn new() -> Self {
        let target = if io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        // Without a style of its own it shows the same, only plainer.
        if let Ok(style) = ProgressStyle::with_template("{msg}  {wide_bar} {human_pos} / {human_len}  {eta}")
        {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// So much of it is done.
    pub(crate) fn at(&self, doing: &str, done: u64, of: u64) {
        // A second round begins anew, and so does the guess at its end.
        if self.0.message() != doing {
            self.0.reset();
            self.0.set_message(doing.to_owned());
        }
        self.0.set_length(of);
        self.0.set_position(done);
    }

    /// The bar goes away.
    pub(crate) fn done(&self) {
        self.0.finish_and_clear();
    }

    /// An output that the bar stands aside for, in whole lines; what is still in hand goes out with a flush.
    pub(crate) fn beside<W: Write>(&self, out: W) -> Beside<W> {
        Beside { bar: self.clone(), out, gathered: Vec::with_capacity(2 * GATHERED) }
    }
}

/// An output beside a bar.
#[derive(Debug)]
pub(crate) struct Beside<W: Write> {
    bar: Progress,
    out: W,
    gathered: Vec<u8>,
}

impl<W: Write> Beside<W> {
    fn write_out(&mut self, until: usize) -> io::Result<()> {
        let (bar, out, lines) = (&self.bar.0, &mut self.out, &self.gathered[..until]);
        bar.suspend(|| out.write_all(lines))?;
        self.gathered.drain(..until);
        Ok(())
    }
}

impl<W: Write> Write for Beside<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= GATHERED
            && let Some(end) = self.gathered.iter().rposition(|byte| *byte == b'\n')
        {
            self.write_out(end + 1)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_out(self.gathered.len())?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_and_all_of_them() {
        let mut out = Vec::new();
        let mut beside = Progress(ProgressBar::hidden()).beside(&mut out);
        let line = "x".repeat(1_000);
        for _ in 0..20 {
            writeln!(beside, "{line}").unwrap();
        }
        write!(beside, "the last").unwrap();
        let written = beside.out.len();
        assert!(written > 0 && written.is_multiple_of(line.len() + 1), "{written}");
        beside.flush().unwrap();
        drop(beside);
        assert_eq!(out.len(), 20 * (line.len() + 1) + "the last".len());
    }
}
