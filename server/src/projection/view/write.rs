//! The forms of Pages.

use super::scene::Scene;
use super::shell;
use crate::page::{
    form::{Fields, Form},
    layout::{Here, Palette},
    write::WritePage,
};
use crate::plan::form::Mistakes;
use crate::shore::Shore;
use crate::store::{StoreError, reading};
use crate::writing::{Act, form, submit::Submission};

/// A form to be filled in, or with what was wrong in it.
pub(crate) fn write_form(
    shore: &Shore,
    palette: Palette,
    scene: &Scene,
    submission: &Submission,
    (mistakes, moved_on): (Mistakes, bool),
) -> Result<WritePage, StoreError> {
    let mut page = page(shore, palette, scene, submission)?;
    page.form.mistakes = mistakes.by_field;
    page.moved_on = moved_on;
    Ok(page)
}

/// What a form would put on record.
pub(crate) fn write_preview(
    shore: &Shore,
    palette: Palette,
    scene: &Scene,
    submission: &Submission,
    told: Vec<(&'static str, String)>,
) -> Result<WritePage, StoreError> {
    let mut page = page(shore, palette, scene, submission)?;
    page.form.hidden.extend(submission.fields.clone());
    page.told = told;
    Ok(page)
}

fn page(
    shore: &Shore,
    palette: Palette,
    scene: &Scene,
    submission: &Submission,
) -> Result<WritePage, StoreError> {
    let (act, desk) = (submission.act, &scene.desk);
    let sheet = form::sheet(act, desk);
    let words = scene.words();
    let title = format!("{}, {}", sheet.title, scene.title);
    let mut shell =
        reading(shore.store(), |tx| shell(tx, &title, Here::Below, palette, shore.now()))?;
    // The same form in another palette.
    let own = submission.own_fields();
    let about = ["form", "id", "flag"].map(|name| Some((name.to_owned(), own.get(name)?.clone())));
    shell.query.extend(about.into_iter().flatten());
    let flag = desk.flag(&submission.fields);
    let form =
        Form { sheet, hidden: own, values: submission.fields.clone(), mistakes: Fields::new() };
    Ok(WritePage {
        shell,
        vessel: desk.vessel,
        vessel_name: scene.vessel.name.clone(),
        base: scene.address(),
        title: scene.title.clone(),
        offset_minutes: scene.offset_minutes,
        form,
        send: form::send_words(act),
        quote: desk.writing(&submission.fields).map(|writing| words.quoted(writing)),
        flag: flag.map(|flag| flag.sentence.clone()),
        unsettled: if act == Act::Close { desk.unsettled() } else { Vec::new() },
        moved_on: false,
        told: Vec::new(),
    })
}
