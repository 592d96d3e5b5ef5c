#![no_main]

use deckwatch_core::{
    document::gate,
    record::{Receipt, Segment},
    sync::{Request, Response, SealedRequest},
};
use deckwatch_core_fuzz::OFFICERS;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(request) = Request::decode(data) {
        assert_eq!(request.encode(), data);
    }
    if let Ok((sealed, request)) = SealedRequest::decode(data) {
        assert_eq!(sealed.encode(), data);
        // Nobody signed it but by chance.
        assert!(sealed.check(&request, &[2; 33]).is_err());
    }
    if let Ok(response) = Response::decode(data) {
        assert_eq!(response.encode(), data);
        for bytes in &response.segments {
            let _ = Segment::decode(bytes);
        }
        for bytes in &response.receipts {
            let _ = Receipt::decode(bytes);
        }
        for change in &response.changes {
            let _ = gate::check(&change.what);
        }
    }
    assert!(OFFICERS.authority.standing(OFFICERS.honest).is_some());
});
