//! Tests of all claims together.

mod history;
mod hostile;
mod incremental;
mod oracle;
mod published;

use super::*;
use crate::model::DeviceId;

fn dev(n: u8) -> DeviceId {
    DeviceId([n; 8])
}
