// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Text;
using Hammer2.Devices.Nbd;
using Hammer2.Format;
using Linux.Text;

namespace Hammer2.Cluster;

/// <summary>
/// A user's specification of a PFS: <c>DEV[:DEV...][@LABEL]</c>, the volumes of one filesystem in any order and the
/// label of a PFS on it.
/// </summary>
/// <remarks>
/// The label starts at the first <c>@</c> and volumes are separated by <c>:</c>, as upstream. Either character inside a
/// path is escaped by a backslash; a text that as a whole is an existing path needs no escaping. Without a label
/// <see cref="DefaultPfs"/> decides (DragonFly derives it from the last letter of the device, by which <c>/dev/sda</c>
/// would mean BOOT here). In the address of a remote device, such as <c>nbd://host:10809/export</c>, the colons before
/// its export separate nothing.
/// </remarks>
public sealed record MountSpec(IReadOnlyList<string> Paths, string? Label)
{
    /// <summary>The label that an empty one stands for.</summary>
    public const string DefaultLabel = DefaultPfs.Label;

    /// <summary>Maximum length of a label, in bytes of UTF-8.</summary>
    public const int LabelBytesMax = Media.NameBytesMax;

    /// <summary>Parses a specification.</summary>
    /// <exception cref="FormatException">No device is named, the label is empty or too long, or the text
    /// ends in a backslash.</exception>
    public static MountSpec Parse(string text) => Parse(text, LinuxPath.IsFile);

    /// <summary>As above, with a function that tells which paths exist.</summary>
    public static MountSpec Parse(string text, Predicate<string> pathExists)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        if (pathExists(text)) return new MountSpec([text], null);
        var paths = new List<string>();
        var part = new StringBuilder();
        int at = 0;
        for (; at < text.Length && text[at] != '@'; at++)
        {
            if (text[at] == '\\')
            {
                if (++at == text.Length)
                    throw new FormatException($"'{text}': nothing follows the last backslash");
            }
            else if (text[at] == ':')
            {
                AddPath(paths, part);
                continue;
            }
            else if (part.Length == 0 && NbdAddress.PrefixLength(text.AsSpan(at)) is > 0 and int prefix)
            {
                _ = part.Append(text, at, prefix);
                at += prefix - 1;
                continue;
            }
            _ = part.Append(text[at]);
        }
        AddPath(paths, part);
        if (paths.Count == 0) throw new FormatException($"'{text}': no device before the label");
        return new MountSpec(paths, at == text.Length ? null : CheckedLabel(text, text[(at + 1)..]));
    }

    // Empty components are ignored, as upstream does.
    private static void AddPath(List<string> paths, StringBuilder part)
    {
        if (part.Length > 0) paths.Add(part.ToString());
        _ = part.Clear();
    }

    private static string CheckedLabel(string text, string label)
    {
        if (label.Length == 0) return DefaultLabel;
        return ByteText.ByteCount(label) <= LabelBytesMax
            ? label
            : throw new FormatException($"'{text}': the label is longer than {LabelBytesMax} bytes");
    }
}
