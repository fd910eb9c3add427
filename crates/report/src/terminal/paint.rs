//! Colours, where they are wanted.

use anstyle::{AnsiColor, Style};

/// Whether to paint at all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint {
    pub(super) color: bool,
}

/// What a text is, which decides its colour.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ink {
    Plain,
    Strong,
    Quiet,
    Good,
    Fair,
    Note,
    Bad,
    Alarm,
}

impl Paint {
    /// The text in the colour of what it is.
    pub(super) fn with(self, ink: Ink, text: &str) -> String {
        let style = ink.style();
        match self.color && !style.is_plain() && !text.trim().is_empty() {
            true => format!("{style}{text}{style:#}"),
            false => text.to_owned(),
        }
    }

    /// What rules are drawn with.
    pub(super) fn rule(self) -> &'static str {
        if self.color { "─" } else { "-" }
    }
}

impl Ink {
    fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Strong => Style::new().bold(),
            Self::Quiet => Style::new().dimmed(),
            Self::Good => AnsiColor::Green.on_default().bold(),
            Self::Fair => AnsiColor::Green.on_default(),
            Self::Note => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default(),
            Self::Alarm => AnsiColor::BrightWhite.on(AnsiColor::Red).bold(),
        }
    }
}

#[cfg(test)]
pub(super) fn without_color(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| {
        plain + part.split_once('m').map_or("", |(_, rest)| rest)
    })
}
