//! How a place proves that somebody was there: labels, displays and NFC tags.
//!
//! - [`nfc`]: what an NFC reader gives becomes evidence.
//! - [`sun`], [`diversify`], [`totp`]: what signed tags and displays say, and how it is checked by
//!   whoever holds the [`tag_key::TagKey`]s. Phones hold none.
//! - [`label`]: the payload of FORMAT.md section 13.
//! - [`sheet`]: A4 pages of labels as SVG.
//! - [`frame`] and [`reading`]: a frame's luminance plane, and the label in it.
//!
//! Nothing here opens a camera, a file or a socket. Frames and texts come from outside: their sizes
//! are checked first, and a panic of the decoder (rxing, which is not ours) is caught at each symbol
//! and told as an error. That needs unwinding, so no profile may set `panic = "abort"`. In 9,000
//! made-up hostile pictures it did not happen once; the test that shows the guard panics on purpose.
//!
//! # The pyramid
//!
//! One pass of the decoder wants contrast. Where it finds nothing, the frame is averaged down by 2 and
//! stretched between its 1 % and 99 % quantiles, then by 4, then stretched at full size:
//! [`reading::Step`]. An app takes one step a frame ([`reading::Step::for_frame`]), a photo takes all.
//!
//! # Measured
//!
//! 40 made-up frames of 1280x720 a family, seeded, of a label for the host `dw.example` (version 3, 29
//! modules, level M); labels read, and milliseconds of one core in the dev profile. The suite repeats
//! this with 10 frames a family and least counts; `cargo bench -p deckwatch-tests -- labels` prints counts
//! and times of one pass and of the whole pyramid again.
//!
//! | family | full | half | quarter | stretched | pyramid | full, ms | pyramid, ms |
//! |---|---|---|---|---|---|---|---|
//! | clean | 40 | 40 | 40 | 40 | 40 | 5 | 5 |
//! | turned, 180 degrees | 40 | 40 | 37 | 40 | 40 | 6 | 5 |
//! | perspective, corners off by up to 28 % | 38 | 38 | 35 | 39 | 39 | 8 | 7 |
//! | uneven light | 40 | 40 | 40 | 40 | 40 | 6 | 6 |
//! | small, 90 to 130 px | 40 | 32 | 0 | 40 | 40 | 4 | 5 |
//! | motion, 9 to 21 px | 32 | 26 | 22 | 30 | 32 | 7 | 11 |
//! | blur, sigma 3 to 6 px | 23 | 18 | 11 | 23 | 24 | 7 | 17 |
//! | dark, 8 to 20 % of the light, noise 12 | **0** | 15 | 38 | 0 | **38** | 34 | 50 |
//! | curved, a large label on a pipe of 53 to 106 mm | 40 | 40 | 38 | 40 | 40 | 8 | 8 |
//! | glare | 33 | 32 | 31 | 33 | 33 | 8 | 12 |
//! | dirty, 14 blots | 29 | 30 | 22 | 29 | 31 | 7 | 10 |
//! | hard: turned, uneven, dim, noisy and blurred | 0 | 14 | 5 | 0 | 14 | 36 | 77 |
//!
//! - rxing's port of the older ZXing reader never read more: 4 of 40 instead of 14 in "hard", 30
//!   instead of 38 in "dark", 32 instead of 39 in "perspective", 17 instead of 24 in "blur".
//! - Steps that did not pay: averaging by 3, thresholds against a local mean, a blur before
//!   stretching. The best of them read 3 of 20 more in "hard" for 130 ms a frame.
//! - Level M read 411 of the 480 frames, Q 393, H 369, at one printed size: see [`sheet`].
//! - A poster of tiny corner squares on 1920x1080 took rxing's search 12 s; here a pass over it ends
//!   after 0.1 s, on a frame of 64 million pixels of noise after 3 s.
//!
//! # Open
//!
//! - Real photographs: all of this is made up. Real lenses, rolling shutters, wet and faded labels.
//! - Two labels are noticed where both can be read. One that is too blurred stays unseen, so an app
//!   should show which checkpoint was taken.
//! - A curved label is bent in one direction and seen from the front; from the side it will be worse.
//! - What rxing adds to a phone library in bytes, and times on a phone.
//! - Text on labels is laid out by estimated widths, without a font: see `lettering`. A script whose
//!   font the printing computer lacks prints as boxes.

mod crockford;
pub mod diversify;
#[cfg(test)]
mod drawing;
pub mod frame;
pub mod label;
mod lettering;
pub mod ndef;
pub mod nfc;
mod qr;
pub mod reading;
pub mod sheet;
pub mod sun;
pub mod sun_template;
pub mod tag_key;
pub mod totp;
#[cfg(test)]
mod wycheproof;
