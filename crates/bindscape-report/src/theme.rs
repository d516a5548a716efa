//! Colours and type. Series are Okabe and Ito's palette (2008), which readers
//! with any kind of colour vision can tell apart: blue and vermillion on light
//! ground, sky blue and orange on dark; shape and dash say the same again.

/// Names and values of the colours on light and on dark ground.
const COLOURS: [(&str, &str, &str); 22] = [
    ("ink", "#1a1f26", "#e7eaee"),
    ("muted", "#59636e", "#9ea8b3"),
    ("paper", "#ffffff", "#15181d"),
    ("soft", "#f5f6f8", "#1d2127"),
    ("rule", "#dde1e6", "#333a43"),
    ("grid", "#e8ebee", "#282e36"),
    ("axis", "#98a2ad", "#6d7783"),
    ("transfer", "#0072b2", "#56b4e9"),
    ("scratch", "#d55e00", "#e69f00"),
    ("train", "#6b7580", "#9aa5b1"),
    ("bar", "#c9d0d8", "#3d4650"),
    ("shade", "#f7f8fa", "#1a1e24"),
    ("link", "#005a8d", "#7cc4ee"),
    ("domain", "#8ccfba", "#1d7358"),
    ("multi", "#f2c500", "#f0e442"),
    ("multi-edge", "#8a6a00", "#f0e442"),
    ("red", "#d0380a", "#ff7d5c"),
    ("green", "#009e73", "#35c9a0"),
    ("purple", "#a0458a", "#e39ac8"),
    ("brown", "#7d5a3c", "#c9a27e"),
    ("steel", "#4f6d8f", "#8fb0d6"),
    ("under", "#eaf5f1", "#18281f"),
];

const FIGURE_CSS: &str = include_str!("figure.css");
const RESIDUES_CSS: &str = include_str!("residues.css");
const PAGE_CSS: &str = include_str!("page.css");

/// Makes long tables sortable; the page is complete without it.
pub(crate) const SCRIPT: &str = include_str!("sort.js");

/// The style of figures with the colours of light ground written out, since
/// drawing programs do not know CSS variables.
pub(crate) fn figure_css_in_light() -> String {
    written_out(FIGURE_CSS, |(_, light, _)| light)
}

/// The style of a protein's picture: light, and dark where the reader wants that.
pub(crate) fn residues_css() -> String {
    let css = [FIGURE_CSS, RESIDUES_CSS].concat();
    format!(
        "{}@media screen and (prefers-color-scheme:dark){{{}}}",
        written_out(&css, |(_, light, _)| light),
        written_out(&css, |(_, _, dark)| dark)
    )
}

/// A style with colours in place of its variables.
fn written_out(
    css: &str,
    value: fn((&'static str, &'static str, &'static str)) -> &'static str,
) -> String {
    COLOURS
        .into_iter()
        .fold(css.replace('\n', ""), |css, colour| {
            css.replace(&format!("var(--{})", colour.0), value(colour))
        })
}

/// The style of a page with its figures.
pub(crate) fn page_css() -> String {
    let light: String = COLOURS
        .iter()
        .map(|(name, light, _)| format!("--{name}:{light};"))
        .collect();
    let dark: String = COLOURS
        .iter()
        .map(|(name, _, dark)| format!("--{name}:{dark};"))
        .collect();
    format!(
        ":root{{color-scheme:light dark;{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n{PAGE_CSS}{FIGURE_CSS}"
    )
}
