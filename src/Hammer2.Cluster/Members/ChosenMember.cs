// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Cluster.Members;

/// <summary>The node that a user named. Pure.</summary>
/// <param name="Member">It as a member of the view; null for one of the record that the mount does not know.</param>
/// <param name="Tag">Its identity in the record; null when it is not known, since its device never answered.</param>
internal readonly record struct ChosenMember(NodeMember? Member, MemberTag? Tag)
{
    private const int IdDigitsMin = 4;

    /// <summary>Its name for people.</summary>
    public string Name => Member?.Name ?? Tag?.ToString() ?? "";

    /// <summary>Finds the node that a user means: by its devices as the mount names them, by the slot of the record, or
    /// by at least four digits that the id of its filesystem begins with.</summary>
    /// <param name="view">The nodes.</param>
    /// <param name="text">What the user said.</param>
    /// <param name="found">The node.</param>
    /// <returns>Null; why there is no such node, or not one alone.</returns>
    public static string? Find(ClusterView view, string text, out ChosenMember found)
    {
        var matches = new List<ChosenMember>();
        foreach (ChosenMember candidate in All(view))
            if (candidate.IsMeantBy(view, text)) matches.Add(candidate);
        found = matches.Count == 1 ? matches[0] : default;
        return matches.Count switch
        {
            1 => null,
            0 => $"the cluster has no node {text}",
            _ => $"{text} means several nodes: give more digits of the id of the filesystem",
        };
    }

    /// <summary>All nodes: those of the view, and those of the record that are not in it.</summary>
    public static List<ChosenMember> All(ClusterView view)
    {
        var all = new List<ChosenMember>();
        foreach (NodeMember member in view.Members)
            all.Add(new ChosenMember(member, member is PresentNode ? member.Facts.Tag : null));
        if (view.Record is not { } record) return all;
        foreach (PfsMember member in record.Members)
        {
            var tag = new MemberTag(member.FilesystemStart, member.Check);
            if (!all.Exists(known => known.Tag == tag)) all.Add(new ChosenMember(null, tag));
        }
        return all;
    }

    private bool IsMeantBy(ClusterView view, string text)
    {
        if (Member is { } member && member.Name == text) return true;
        if (Tag is not { } tag) return false;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int slot) && slot < Media.NodesMax)
            return view.Record is { } record && record.SlotOf(tag) == slot;
        string id = (Member as PresentNode)?.Identity.FilesystemId.ToString() ?? tag.ToString().TrimEnd('.');
        return text.Length >= IdDigitsMin && (id.StartsWith(text, StringComparison.OrdinalIgnoreCase)
            || (Member is null && text.StartsWith(id, StringComparison.OrdinalIgnoreCase)));
    }
}
