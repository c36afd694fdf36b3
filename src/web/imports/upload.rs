//! The form that sends a file to be checked.

use super::api::import_presets;
use super::problems;
use crate::dto::imports::{MAX_FILE_MEGABYTES, PresetRow};
use crate::web::ui::prelude::*;

#[component]
pub fn NewImportPage() -> impl IntoView {
    view! {
        <PageHead
            title=t!(imports.new_title)
            crumbs=vec![Crumb::new(t!(imports.title), "/imports")]
            lead=t!(imports.lead).into_any()
        />
        {load(import_presets(), form)}
    }
}

fn form(presets: Vec<PresetRow>) -> impl IntoView {
    let choices: Vec<(String, String)> = presets
        .iter()
        .map(|preset| (preset.name.clone(), problems::preset(preset)))
        .collect();
    let max = format::number(MAX_FILE_MEGABYTES);
    view! {
        <Form endpoint="upload_import" arg="upload" multipart=true>
            <SelectField name="mapping" label=t!(imports.upload_mapping) choices=choices />
            <FileField
                name="file"
                label=t!(imports.upload_file)
                hint=t!(imports.upload_file_hint, max = max)
                accept=".csv,.txt,.tsv,text/csv,text/plain"
            />
            <CheckField name="round" label=t!(imports.upload_round) hint=t!(imports.upload_round_hint) />
            <Actions>
                <Submit label=t!(imports.upload_check) />
            </Actions>
        </Form>
        <Columns presets />
    }
}

/// What each kind of file must have.
#[component]
fn Columns(presets: Vec<PresetRow>) -> impl IntoView {
    let rows: Vec<_> = presets
        .into_iter()
        .map(|preset| {
            let name = problems::preset(&preset);
            let columns: Vec<_> = preset
                .columns
                .iter()
                .map(|column| view! { <code>{column.clone()}</code> " " })
                .collect();
            view! {
                <tr>
                    <th scope="row">{name}</th>
                    <Cell label=t!(imports.title)>{problems::kind(preset.kind)}</Cell>
                    <Cell label=t!(imports.columns)><span>{columns}</span></Cell>
                </tr>
            }
        })
        .collect();
    let head = view! {
        <th scope="col">{t!(imports.mapping)}</th>
        <th scope="col">{t!(imports.title)}</th>
        <th scope="col">{t!(imports.columns)}</th>
    };
    view! {
        <Card title=t!(imports.columns_title)>
            <DataTable caption=t!(imports.columns_title) head=head.into_any() cards=true>{rows}</DataTable>
        </Card>
    }
}
