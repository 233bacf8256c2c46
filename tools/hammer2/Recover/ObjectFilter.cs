// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.Linq;
using Hammer2.Admin.Recovery;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Newfs;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Recover;

/// <summary>The options of 'undelete' that choose objects.</summary>
internal sealed class ObjectFilter
{
    private static readonly OptionRow Name = new("--name",
        "objects whose name matches, as in the shell; with a slash in it, whose path does")
    { ValueName = "GLOB" };

    private static readonly OptionRow Inum = new("--inum", "the object with this inode number") { ValueName = "NUMBER" };

    private static readonly OptionRow Since = new("--since",
        "objects last changed at this time or later: 2026-11-28, or 2026-11-28T14:30, UTC unless an offset follows")
    {
        ValueName = "TIME",
    };

    private static readonly OptionRow Until = new("--until", "objects last changed before this time") { ValueName = "TIME" };

    private static readonly OptionRow Larger = new("--larger", "files of at least this size, such as 10m") { ValueName = "SIZE" };

    private static readonly OptionRow Smaller = new("--smaller", "files of less than this size") { ValueName = "SIZE" };

    private static readonly OptionRow Type = new("--type", "objects of one type")
    {
        ValueName = "TYPE",
        Choices = ["file", "directory", "symlink", "other"],
    };

    /// <summary>The options.</summary>
    public static readonly OptionRow[] Options = [Name, Inum, Since, Until, Larger, Smaller, Type];

    private readonly byte[]? _label;
    private readonly byte[]? _name;
    private readonly ulong? _inum;
    private readonly ulong _since;
    private readonly ulong _until;
    private readonly ulong _larger;
    private readonly ulong _smaller;
    private readonly string? _type;

    /// <summary>Reads the options.</summary>
    /// <param name="invocation">The options.</param>
    /// <param name="label">The PFS, or null for all.</param>
    /// <exception cref="CommandException">A value is malformed.</exception>
    public ObjectFilter(Invocation invocation, string? label)
    {
        _label = label is null ? null : NameText.Unescape(label);
        _name = invocation.Text(Name) is { } name ? NameText.Unescape(name) : null;
        _inum = invocation.Number(Inum);
        _since = Time(invocation, Since) ?? 0;
        _until = Time(invocation, Until) ?? ulong.MaxValue;
        _larger = invocation.Text(Larger) is { } larger ? SizeText.Parse(Larger, larger) : 0;
        _smaller = invocation.Text(Smaller) is { } smaller ? SizeText.Parse(Smaller, smaller) : ulong.MaxValue;
        _type = invocation.Text(Type);
    }

    /// <summary>True when an object is wanted.</summary>
    public bool Wants(RecoveredObject one)
    {
        InodeMeta meta = one.Meta;
        if (_inum is { } inum && meta.Inum != inum) return false;
        if (meta.ChangeTime < _since || meta.ChangeTime >= _until) return false;
        if (meta.Size < _larger || meta.Size >= _smaller) return false;
        if (_type is not null && _type != TypeOf(meta.Type)) return false;
        // One whose PFS is not known may be of any.
        if (_label is not null && one.Label is { } label && !label.AsSpan().SequenceEqual(_label)) return false;
        return _name is null || one.Paths.Any(MatchesName);
    }

    private bool MatchesName(byte[] path) => _name.AsSpan().Contains((byte)'/')
        ? GlobPattern.Matches(_name.AsSpan().TrimStart((byte)'/'), path)
        : GlobPattern.Matches(_name, path.AsSpan(path.AsSpan().LastIndexOf((byte)'/') + 1));

    private static string TypeOf(ObjectType type) => type switch
    {
        ObjectType.RegularFile => "file",
        ObjectType.Directory => "directory",
        ObjectType.SoftLink => "symlink",
        _ => "other",
    };

    private static ulong? Time(Invocation invocation, OptionRow option)
    {
        if (invocation.Text(option) is not { } text) return null;
        const DateTimeStyles Styles = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        string[] forms = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss.ffffff"];
        string[] all = [.. forms, .. forms.Skip(1).Select(form => form + "K")];
        if (DateTimeOffset.TryParseExact(text, all, CultureInfo.InvariantCulture, Styles, out DateTimeOffset time)
            && time >= DateTimeOffset.UnixEpoch)
        {
            return (ulong)((time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
        }
        throw new CommandException(invocation.Row.UsageExitCode,
            $"{option.Name} {text}: not a time; write 2026-11-28 or 2026-11-28T14:30:00");
    }
}
