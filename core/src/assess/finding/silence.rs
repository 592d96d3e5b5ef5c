//! A device that has not been heard.

use super::{Case, Detail, Detector, Finding, Severity};
use crate::{
    assess::{
        watermark::{Device, Devices},
        words,
    },
    plan::PlanContent,
    time::moment::PER_SECOND,
};

pub(in crate::assess) const DETECTOR: Detector = Detector {
    code: "silence",
    sees: "a device whose data is not known to be complete and that has not been heard for long, or was lost",
    formula: "as_of - the device's watermark > the contact limit of the plan in force",
    threshold: "notice from half of the limit, irregular beyond it or once nobody can wait for the device",
    explanations: &[
        "the ship has no link, or the phone none to the ship's network",
        "the phone is put away without a `park` record",
        "the phone is broken, or was replaced",
    ],
    run: detect,
};

fn detect(case: &Case<'_>, detector: &Detector) -> Vec<Finding> {
    let of = |device: &&Device| of_device(detector, case.as_of, device, case.devices, case.plans);
    case.held_back.iter().filter_map(of).collect()
}

/// What is to be said of one device's silence.
pub(in crate::assess) fn of_device(
    detector: &Detector,
    as_of: i64,
    device: &Device,
    devices: &Devices,
    plans: &[&PlanContent],
) -> Option<Finding> {
    let silent = device.silent_for(as_of);
    let severity = if device.gone() {
        Severity::Irregular
    } else if silent > devices.limit() / 2 {
        Severity::Notice
    } else {
        return None;
    };
    let heard = words::heard(plans, device.state.last_heard);
    let limit = words::duration(devices.limit_secs);
    let name = device.words();
    let sentence = if device.lost {
        format!("The {name} was declared lost; {heard}.")
    } else if device.revoked() {
        format!("The {name} was revoked; {heard}.")
    } else if device.state.over_limit {
        format!("The {name} has been silent for longer than the limit of {limit}; {heard}.")
    } else {
        format!("The {name} has been silent for more than half of the limit of {limit}; {heard}.")
    };
    let detail = Detail::Silence {
        dev: device.state.dev,
        last_heard: device.state.last_heard,
        silent_secs: silent.max(0) / PER_SECOND,
        limit_secs: devices.limit_secs,
        lost: device.lost,
    };
    Some(detector.finding(severity, sentence, Vec::new(), detail))
}
