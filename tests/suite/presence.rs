//! QR labels: from the printed sheet, and from bad frames, back to the label.

mod degraded;
mod sheets;
