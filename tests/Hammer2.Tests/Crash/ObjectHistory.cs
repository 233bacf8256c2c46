// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Tests.Model;

namespace Hammer2.Tests.Crash;

/// <summary>
/// The versions that each object of a script went through, and which of its operations made them. Says whether a state
/// that was found after a crash is one that fsync of single objects may leave.
/// </summary>
/// <remarks>
/// The rules: each object is as it was after some operation; an operation is present on all objects that it changed, or
/// on none; what was acknowledged is there. They know nothing of what the driver commits together.
/// </remarks>
internal sealed class ObjectHistory
{
    private const string Absent = "-";

    private readonly Dictionary<ulong, List<(int Step, string Text)>> _versions = [];
    private readonly List<ulong[]> _changed = [];

    /// <summary>Numbers of the objects that are there after the last operation, ascending.</summary>
    public IEnumerable<ulong> Present =>
        _versions.Where(versions => versions.Value[^1].Text != Absent).Select(versions => versions.Key).Order();

    /// <summary>Records the objects after an operation.</summary>
    public void Record(ModelNode root)
    {
        Dictionary<ulong, string> now = ObjectListing.Of(root);
        var changed = new List<ulong>();
        foreach (ulong inum in now.Keys.Union(_versions.Keys).ToArray())
        {
            string text = now.GetValueOrDefault(inum, Absent);
            if (!_versions.TryGetValue(inum, out List<(int, string Text)>? versions))
                _versions[inum] = versions = [(-1, Absent)];
            if (versions[^1].Text == text) continue;
            versions.Add((_changed.Count, text));
            changed.Add(inum);
        }
        _changed.Add([.. changed]);
    }

    /// <summary>Compares a state with the rules.</summary>
    /// <param name="found">The objects that were found.</param>
    /// <param name="last">The last operation that may be there.</param>
    /// <param name="acknowledged">For each object the last operation whose effect on it was acknowledged.</param>
    /// <returns>The breach; null when there is none.</returns>
    public string? Judge(IReadOnlyDictionary<ulong, string> found, int last, Func<ulong, int> acknowledged)
    {
        foreach (ulong inum in found.Keys)
            if (!_versions.ContainsKey(inum)) return $"inode {inum} was never there";
        var chosen = new Dictionary<ulong, int>();
        foreach (ulong inum in _versions.Keys)
        {
            if (!TryChoose(inum, found, last, out int step))
                return $"inode {inum} never was as it was found: {found.GetValueOrDefault(inum, Absent)}";
            chosen[inum] = step;
        }
        if (MakeWhole(chosen, found, last) is { } torn) return torn;
        foreach ((ulong inum, int step) in chosen)
        {
            int needed = _versions[inum].Last(version => version.Step <= acknowledged(inum)).Step;
            if (step < needed)
                return $"inode {inum} is as of operation {step}, and operation {needed} on it was acknowledged";
        }
        return null;
    }

    // The newest versions that fit are assumed, and taken back as far as an operation would be there in part.
    private string? MakeWhole(Dictionary<ulong, int> chosen, IReadOnlyDictionary<ulong, string> found, int last)
    {
        bool isChanged = true;
        while (isChanged)
        {
            isChanged = false;
            for (int operation = Math.Min(last, _changed.Count - 1); operation >= 0; operation--)
            {
                ulong[] objects = _changed[operation];
                if (!objects.Any(inum => chosen[inum] < operation)) continue;
                foreach (ulong inum in objects)
                {
                    if (chosen[inum] < operation) continue;
                    if (!TryChoose(inum, found, operation - 1, out int step))
                        return $"operation {operation} is there on inode {inum}, and not on all of {Text(objects)}";
                    chosen[inum] = step;
                    isChanged = true;
                }
            }
        }
        return null;
    }

    private bool TryChoose(ulong inum, IReadOnlyDictionary<ulong, string> found, int last, out int step)
    {
        string text = found.GetValueOrDefault(inum, Absent);
        step = -1;
        foreach ((int made, string version) in _versions[inum].AsEnumerable().Reverse())
        {
            if (made > last || version != text) continue;
            step = made;
            return true;
        }
        return false;
    }

    private static string Text(ulong[] inums) => string.Join(", ", inums);
}
