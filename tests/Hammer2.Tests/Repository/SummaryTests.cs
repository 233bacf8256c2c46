// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace Hammer2.Tests.Repository;

/// <summary>Goal: public types and methods are documented. Method: finds those of each project in the README by
/// reflection, and their summaries in the documentation files of the build.</summary>
public sealed class SummaryTests
{
    /// <summary>Words that add nothing to a name.</summary>
    private static readonly HashSet<string> Fillers =
        new(["a", "an", "the", "of", "this", "get", "gets", "set", "sets", "or", "is", "to", "for", "and"],
            StringComparer.Ordinal);

    public static TheoryData<string> Assemblies => new(LayerTable.Read().Rows.Keys
        .Where(folder => folder.StartsWith("src/", StringComparison.Ordinal)).Select(Path.GetFileName)!);

    [Theory, MemberData(nameof(Assemblies))]
    public void Public_types_and_methods_have_a_summary_that_says_more_than_their_name(string product)
    {
        Assembly assembly = Assembly.Load(product);
        Dictionary<string, List<string>> summaries = Read(Path.ChangeExtension(assembly.Location, ".xml"));
        var faults = new List<string>();
        foreach (Type type in assembly.GetExportedTypes().Where(type => !IsGenerated(type)))
        {
            string typeName = type.FullName!.Replace('+', '.');
            Check(faults, summaries, "T:" + typeName, type.Name, 1);
            if (type.IsSubclassOf(typeof(Delegate))) continue;
            foreach (IGrouping<string, MethodInfo> group in OwnMethods(type).GroupBy(method => method.Name))
            {
                Check(faults, summaries, $"M:{typeName}.{group.Key}", group.Key, group.Count());
            }
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults.Prepend($"{faults.Count} found:")));
    }

    private static void Check(
        List<string> faults, Dictionary<string, List<string>> summaries, string id, string name, int wanted)
    {
        List<string> found = summaries.GetValueOrDefault(id, []);
        if (found.Count < wanted) faults.Add($"{id}: {wanted - found.Count} of {wanted} without summary");
        HashSet<string> nameWords = Words(name);
        foreach (string summary in found.Where(text => text != "<inheritdoc>"))
        {
            HashSet<string> words = Words(summary);
            words.ExceptWith(Fillers);
            words.ExceptWith(nameWords);
            if (words.Count == 0) faults.Add($"{id}: the summary repeats the name: {summary}");
        }
    }

    /// <summary>Documented text by member, without parameters: overloads share a key.</summary>
    private static Dictionary<string, List<string>> Read(string path)
    {
        var summaries = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (XElement member in XDocument.Load(path).Descendants("member"))
        {
            string key = Regex.Replace(member.Attribute("name")!.Value, @"\(.*$|(?<=^M:.*)``\d+", "");
            string? text = member.Element("inheritdoc") is not null
                ? "<inheritdoc>" : Text(member.Element("summary"));
            if (string.IsNullOrWhiteSpace(text)) continue;
            if (!summaries.TryGetValue(key, out List<string>? list)) summaries.Add(key, list = []);
            list.Add(text);
        }

        return summaries;
    }

    /// <summary>The text of a summary, with the names in its references.</summary>
    private static string? Text(XElement? summary) => summary is null
        ? null
        : summary.Value + string.Concat(
            summary.Descendants().Attributes().Select(attribute => " " + attribute.Value));

    private static IEnumerable<MethodInfo> OwnMethods(Type type)
    {
        const BindingFlags flags = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static
            | BindingFlags.DeclaredOnly;
        HashSet<MethodInfo> implemented = type.IsInterface
            ? []
            : [.. type.GetInterfaces().SelectMany(item => type.GetInterfaceMap(item).TargetMethods)];
        return type.GetMethods(flags).Where(method =>
            (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal))
            && method.GetBaseDefinition() == method
            && !implemented.Contains(method)
            && !IsGenerated(method));
    }

    private static bool IsGenerated(MemberInfo member) =>
        member.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false);

    private static HashSet<string> Words(string text) =>
        [.. Regex.Matches(text, "[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+").Select(
            match => match.Value.ToLowerInvariant())];
}
