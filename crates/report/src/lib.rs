//! Measured rows as a terminal table, CSV, Markdown, JSON and HTML
