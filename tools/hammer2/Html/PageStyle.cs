// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tool.Html;

/// <summary>How a page looks, by day and by night, on paper and on small screens. It has no character that HTML
/// escapes.</summary>
internal static class PageStyle
{
    /// <summary>The style sheet, on one line.</summary>
    public const string Text =
        ":root{color-scheme:light dark;--line:#cbd5e0;--soft:#f7fafc;--dim:#4a5568;--bar:#2b6cb0;--bar2:#805ad5}"
        + "@media(prefers-color-scheme:dark){:root{--line:#4a5568;--soft:#2d3748;--dim:#cbd5e0;--bar:#63b3ed;--bar2:#b794f4}}"
        + "body{font-family:system-ui,sans-serif;line-height:1.4;margin:0}main{max-width:64rem;margin:auto;padding:1rem}"
        + "h1{font-size:1.6rem;overflow-wrap:anywhere}h2{font-size:1.25rem;border-bottom:1px solid var(--line)}"
        + "section{margin-top:2rem}dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem}"
        + "dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}.wide{overflow-x:auto;margin:1rem 0}"
        + "table{border-collapse:collapse;font-size:.9rem}caption{text-align:left;font-weight:600;padding:.3rem 0}"
        + "th,td{text-align:left;padding:.15rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}"
        + "th{background:var(--soft)}td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
        + "figure{margin:1rem 0;overflow-x:auto}svg{max-width:100%;height:auto}figcaption{color:var(--dim)}"
        + ".bars text{fill:currentColor}.bars .data{fill:var(--bar)}.bars .metadata{fill:var(--bar2)}"
        + "@media print{section{break-inside:avoid-page}}";
}
