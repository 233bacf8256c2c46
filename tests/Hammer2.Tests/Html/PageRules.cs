// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using AngleSharp.Dom;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Dom.Events;
using AngleSharp.Html.Parser;

namespace Hammer2.Tests.Html;

/// <summary>What a page of HTML must be: free of errors for a parser, without anything that runs or is loaded, and
/// readable for those who do not see it. The parser is AngleSharp, which follows the standard of browsers.</summary>
internal static class PageRules
{
    private static readonly string[] s_elements =
    [
        "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "p", "section", "dl", "dt", "dd",
        "div", "table", "caption", "tbody", "tr", "th", "td", "figure", "figcaption", "svg", "g", "rect", "text",
    ];

    private static readonly string[] s_attributes =
    [
        "lang", "charset", "http-equiv", "content", "name", "id", "class", "scope", "aria-labelledby", "aria-label",
        "role", "xmlns", "width", "height", "viewbox", "fill", "stroke", "font-family", "font-size", "x", "y",
        "text-anchor",
    ];

    /// <summary>Parses a page.</summary>
    /// <param name="page">Its bytes.</param>
    /// <param name="faults">All that is wrong with it.</param>
    public static IHtmlDocument Parse(byte[] page, out IReadOnlyList<string> faults)
    {
        var found = new List<string>();
        var parser = new HtmlParser();
        parser.Error += (_, error) => found.Add("malformed: " + ((HtmlErrorEvent)error).Message);
        IHtmlDocument document = parser.ParseDocument(
            new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(page));
        foreach (IElement element in document.All) AddFaults(element, found);
        AddFaults(document, found);
        faults = found;
        return document;
    }

    private static void AddFaults(IElement element, List<string> found)
    {
        string name = element.LocalName.ToLowerInvariant();
        if (!s_elements.Contains(name)) found.Add("element " + name);
        foreach (IAttr attribute in element.Attributes)
        {
            if (!s_attributes.Contains(attribute.Name.ToLowerInvariant()))
                found.Add($"attribute {attribute.Name} of {name}");
        }
        if (name == "table" && element.QuerySelector("caption") is null) found.Add("a table without a caption");
        if (name == "th" && element.GetAttribute("scope") != "col") found.Add("a heading without a scope");
        bool isTold = element.GetAttribute("role") == "img" && element.GetAttribute("aria-label") is { Length: > 0 };
        if (name == "svg" && !isTold) found.Add("a picture without a text");
        bool loads = element.TextContent.Contains("url(", StringComparison.Ordinal)
            || element.TextContent.Contains("@import", StringComparison.Ordinal);
        if (name == "style" && loads) found.Add("a style that loads something");
    }

    private static void AddFaults(IHtmlDocument document, List<string> found)
    {
        if (document.DocumentElement.GetAttribute("lang") != "en") found.Add("no language");
        if (document.Title is not { Length: > 0 }) found.Add("no title");
        if (document.QuerySelectorAll("h1").Length != 1) found.Add("not one heading of the page");
        string? policy = document.QuerySelector("meta[http-equiv=Content-Security-Policy]")?.GetAttribute("content");
        if (policy?.StartsWith("default-src 'none'", StringComparison.Ordinal) != true) found.Add("no policy");
        foreach (IElement section in document.QuerySelectorAll("section"))
        {
            string label = section.GetAttribute("aria-labelledby") ?? "";
            if (document.GetElementById(label)?.ParentElement != section) found.Add("a section without its heading");
        }
        foreach (IGrouping<string, IElement> same in document.QuerySelectorAll("[id]").GroupBy(one => one.Id!))
            if (same.Count() > 1) found.Add("an id twice: " + same.Key);
    }
}
