//! What a chart is drawn on.

/// The size of a chart and the room around its axes, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sheet {
    pub(crate) width: f64,
    pub(crate) height: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

/// A chart among others on the page.
pub(crate) const PAGE: Sheet = Sheet {
    width: 560.0,
    height: 380.0,
    left: 70.0,
    right: 22.0,
    top: 32.0,
    bottom: 52.0,
};

/// A chart in one column of a paper: so few pixels that type of 13 of them is 8 points high there.
pub(crate) const PAPER: Sheet = Sheet {
    width: 420.0,
    height: 300.0,
    left: 66.0,
    right: 22.0,
    top: 28.0,
    bottom: 50.0,
};

impl Sheet {
    /// Where the x axis begins and ends, from the left.
    pub(crate) fn across(&self) -> [f64; 2] {
        [self.left, self.width - self.right]
    }

    /// Where the y axis begins and ends, from the top.
    pub(crate) fn upwards(&self) -> [f64; 2] {
        [self.height - self.bottom, self.top]
    }
}
