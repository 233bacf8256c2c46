// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Fuse.Protocol;
using Hammer2.Cluster.Transactions;
using Hammer2.Cluster;
using Hammer2.Format;
using Linux.Text;
using Microsoft.Extensions.Logging;

namespace Hammer2.Fuse;

/// <summary>An option of <c>-o</c> is unknown or has an invalid value. The message is for the user.</summary>
public sealed class MountOptionException(string message) : Exception(message);

/// <summary>
/// Parses the values of <c>-o</c>: options of this program, options of every filesystem, and options for other readers
/// of fstab, which are ignored. Of options that contradict each other the last one counts.
/// </summary>
public static class MountOptionParser
{
    private const string Remount = "remount";
    private const int ThreadsMax = 256;
    private const int CommitSecondsMax = 24 * 3600;
    private const long MemoryBytesMin = 1 << 20;

    // Options that mount(8), systemd and fsck(8) read in fstab, and those of FUSE that mount(8) reads in the table of
    // mounts and gives again when it remounts.
    private static readonly HashSet<string> Ignored = new(StringComparer.Ordinal)
    {
        "defaults", "auto", "noauto", "nofail", "_netdev", "async", "silent", "loud", "nouser", "nogroup",
        "noowner", "subtype", "blksize", "default_permissions", "rootcontext", "mand", "nomand", "iversion",
        "noiversion", "nolazytime", "helper", "uhelper", "comment", "intr", "big_writes", "dev_test", "user_id",
        "group_id",
    };

    private static readonly Dictionary<string, (FuseMountFlags Set, FuseMountFlags Clear)> Flags =
        new(StringComparer.Ordinal)
        {
            ["suid"] = (FuseMountFlags.None, FuseMountFlags.NoSuid),
            ["nosuid"] = (FuseMountFlags.NoSuid, FuseMountFlags.None),
            ["dev"] = (FuseMountFlags.None, FuseMountFlags.NoDevice),
            ["nodev"] = (FuseMountFlags.NoDevice, FuseMountFlags.None),
            ["exec"] = (FuseMountFlags.None, FuseMountFlags.NoExec),
            ["noexec"] = (FuseMountFlags.NoExec, FuseMountFlags.None),
            ["sync"] = (FuseMountFlags.Synchronous, FuseMountFlags.None),
            ["dirsync"] = (FuseMountFlags.DirectorySync, FuseMountFlags.None),
            ["atime"] = (FuseMountFlags.None, FuseMountFlags.NoAccessTime),
            ["noatime"] = (FuseMountFlags.NoAccessTime, FuseMountFlags.None),
            ["diratime"] = (FuseMountFlags.None, FuseMountFlags.NoDirectoryAccessTime),
            ["nodiratime"] = (FuseMountFlags.NoDirectoryAccessTime, FuseMountFlags.None),
            ["relatime"] = (FuseMountFlags.RelativeAccessTime, FuseMountFlags.None),
            ["norelatime"] = (FuseMountFlags.None, FuseMountFlags.RelativeAccessTime),
            ["strictatime"] = (FuseMountFlags.StrictAccessTime, FuseMountFlags.None),
            ["nostrictatime"] = (FuseMountFlags.None, FuseMountFlags.StrictAccessTime),
            ["lazytime"] = (FuseMountFlags.LazyTime, FuseMountFlags.None),
            ["nosymfollow"] = (FuseMountFlags.NoSymlinkFollow, FuseMountFlags.None),
            ["symfollow"] = (FuseMountFlags.None, FuseMountFlags.NoSymlinkFollow),

            // The flags that mount(8) uses for an entry that ordinary users may mount.
            ["user"] = (UserMount, FuseMountFlags.None),
            ["users"] = (UserMount, FuseMountFlags.None),
            ["owner"] = (FuseMountFlags.NoSuid | FuseMountFlags.NoDevice, FuseMountFlags.None),
            ["group"] = (FuseMountFlags.NoSuid | FuseMountFlags.NoDevice, FuseMountFlags.None),
        };

    // Each also has a form with "no" before it.
    private static readonly Dictionary<string, Func<MountOptions, bool, MountOptions>> Switches =
        new(StringComparer.Ordinal)
        {
            ["writeback"] = static (options, isOn) => options with { UsesWritebackCache = isOn },
            ["xattr"] = static (options, isOn) => options with { HasExtendedAttributes = isOn },
            ["io_uring"] = static (options, isOn) => options with { UsesIoUring = isOn },
            ["discard"] = static (options, isOn) => options with { Discards = isOn },
            ["dedup"] = static (options, isOn) => options with { Deduplicates = isOn },
            ["resync"] = static (options, isOn) => options with { Resynchronizes = isOn },
            ["headers"] = static (options, isOn) => options with { ShowsHeaders = isOn },
            ["snapdirs"] = static (options, isOn) => options with { HasSnapshotDirectories = isOn },
            ["allow_other"] = static (options, isOn) => options with { AllowsOthers = isOn },
        };

    private const FuseMountFlags UserMount =
        FuseMountFlags.NoSuid | FuseMountFlags.NoDevice | FuseMountFlags.NoExec;

    /// <summary>Parses comma-separated lists of options.</summary>
    /// <param name="lists">The values of each <c>-o</c>, in order.</param>
    /// <param name="isSloppy">True to ignore unknown options (<c>-s</c> of mount(8)).</param>
    /// <exception cref="MountOptionException">With the option and the fault.</exception>
    public static MountOptions Parse(IEnumerable<string> lists, bool isSloppy = false)
    {
        var options = new MountOptions();
        foreach (string list in lists)
        {
            foreach (string word in Words(list)) options = Apply(options, word, isSloppy);
        }
        return Checked(options);
    }

    /// <summary>
    /// Removes ro and rw from the lists, and appends ro if that was the last of the two. mount(8) always gives rw or ro
    /// to its helpers, so that rw from there does not mean that the user asked for it.
    /// </summary>
    public static IReadOnlyList<string> WithoutWishToWrite(IEnumerable<string> lists)
    {
        var kept = new List<string>();
        bool isReadOnly = false;
        foreach (string list in lists)
        {
            var words = new List<string>();
            foreach (string word in Words(list))
            {
                if (word is "ro" or "rw") isReadOnly = word == "ro";
                else words.Add(Escape(word));
            }
            if (words.Count > 0) kept.Add(string.Join(',', words));
        }
        if (isReadOnly) kept.Add("ro");
        return kept;
    }

    /// <summary>Removes device= and foreground from the lists, which a request to another process carries
    /// separately.</summary>
    public static IReadOnlyList<string> WithoutDevices(IEnumerable<string> lists)
    {
        var kept = new List<string>();
        foreach (string list in lists)
        {
            var words = new List<string>();
            foreach (string word in Words(list))
            {
                if (word != "foreground" && !word.StartsWith("device=", StringComparison.Ordinal))
                    words.Add(Escape(word));
            }
            if (words.Count > 0) kept.Add(string.Join(',', words));
        }
        return kept;
    }

    /// <summary>True when the lists ask to change the options of a mount.</summary>
    public static bool IsRemount(IEnumerable<string> lists)
    {
        foreach (string list in lists)
            foreach (string word in Words(list))
                if (word == Remount) return true;
        return false;
    }

    /// <summary>The options of a mount after a change.</summary>
    /// <param name="current">Those before.</param>
    /// <param name="list">The options that are given, remount among them or not; others stay.</param>
    /// <exception cref="MountOptionException">With the option and the fault.</exception>
    public static MountOptions Change(MountOptions current, string list)
    {
        MountOptions changed = current;
        foreach (string word in Words(list))
            if (word != Remount) changed = Apply(changed, word, isSloppy: false);
        return Checked(changed);
    }

    private static MountOptions Checked(MountOptions options) =>
        options is { Quorum: QuorumPolicy.Stall, Resynchronizes: false }
            ? throw new MountOptionException("noquorum=stall: needs nodes that return, which noresync excludes")
            : options;

    private static MountOptions Writing(MountOptions options, bool mayWrite) => options with
    {
        AsksForWriting = mayWrite,
        Flags = mayWrite ? options.Flags & ~FuseMountFlags.ReadOnly : options.Flags | FuseMountFlags.ReadOnly,
    };

    private static MountOptions Apply(MountOptions options, string word, bool isSloppy)
    {
        int equals = word.IndexOf('=', StringComparison.Ordinal);
        string name = equals < 0 ? word : word[..equals];
        string? value = equals < 0 ? null : word[(equals + 1)..];
        if (Flags.TryGetValue(name, out (FuseMountFlags Set, FuseMountFlags Clear) change) && value is null)
            return options with { Flags = (options.Flags | change.Set) & ~change.Clear };
        if (Ignored.Contains(name) || name.StartsWith("x-", StringComparison.Ordinal)
            || name.StartsWith("X-", StringComparison.Ordinal))
        {
            return options;
        }
        if (Switches.TryGetValue(name, out Func<MountOptions, bool, MountOptions>? set))
            return WithoutValue(set(options, true), name, value);
        if (name.StartsWith("no", StringComparison.Ordinal) && Switches.TryGetValue(name[2..], out set))
            return WithoutValue(set(options, false), name, value);
        return name switch
        {
            "ro" => WithoutValue(Writing(options, mayWrite: false), name, value),
            "rw" => WithoutValue(Writing(options, mayWrite: true), name, value),
            "commit" => options with { CommitInterval = Seconds(name, value) },
            "resync-rate" => options with { ResyncRateBytes = (ulong)Size(name, value) },
            "resync-snapshots" => options with { ResyncDeletesSnapshots = DeletesSnapshots(name, value) },
            UpkeepLimits.ScrubOption => options with { Upkeep = options.Upkeep with { Scrub = Duration(name, value) } },
            UpkeepLimits.SnapshotOption =>
                options with { Upkeep = options.Upkeep with { Snapshot = Duration(name, value) } },
            UpkeepLimits.BulkfreeOption =>
                options with { Upkeep = options.Upkeep with { Bulkfree = Duration(name, value) } },
            "noquorum" => options with
            {
                Quorum = QuorumPolicyText.Parse(value)
                ?? throw new MountOptionException($"noquorum={value}: one of {QuorumPolicyText.All} is needed")
            },
            "uid" => options with { UserId = (uint)Number(name, value, uint.MaxValue - 1) },
            "gid" => options with { GroupId = (uint)Number(name, value, uint.MaxValue - 1) },
            "umask" => options with { Umask = Octal(name, value) },
            "foreground" => WithoutValue(options with { IsForeground = true }, name, value),
            "debug" => WithoutValue(options with { LogLevel = LogLevel.Debug }, name, value),
            "loglevel" => options with { LogLevel = Level(name, value) },
            "memory" => options with { MemoryBytes = Memory(name, value) },
            "degraded" => WithoutValue(options with { IsDegraded = true }, name, value),
            "masters" => options with { Masters = (int)Positive(name, value, Media.NodesMax) },
            "pfs" or "label" => options with { Label = Label(name, value) },
            "device" => options with { Devices = [.. options.Devices, Devices(name, value)] },
            "offset" => options with { Offset = Size(name, value) },
            "partition" => options with { Partition = Text(name, value) },
            "max_threads" => options with { ThreadsTotal = (int)Positive(name, value, ThreadsMax) },
            "readahead" => options with { ReadAheadBytes = (int)Math.Min(Size(name, value), 1 << 30) },
            "fsname" => options with { SourceName = Text(name, value) },
            Remount => throw new MountOptionException("remount: mount(8) and mount.hammer2 change options of a mount"),
            _ when isSloppy => options,
            _ => throw new MountOptionException($"{name}: no such mount option"),
        };
    }

    private static bool DeletesSnapshots(string name, string? value) => ResyncSnapshotsText.Parse(value)
        ?? throw new MountOptionException($"{name}={value}: one of {ResyncSnapshotsText.All} is needed");

    // A comma inside a value is written with a backslash before it.
    private static IEnumerable<string> Words(string list)
    {
        var word = new StringBuilder();
        for (int index = 0; index < list.Length; index++)
        {
            if (list[index] == '\\' && index + 1 < list.Length) _ = word.Append(list[++index]);
            else if (list[index] != ',') _ = word.Append(list[index]);
            else
            {
                if (word.Length > 0) yield return word.ToString();
                _ = word.Clear();
            }
        }
        if (word.Length > 0) yield return word.ToString();
    }

    private static string Escape(string word) =>
        word.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal);

    private static TimeSpan Seconds(string name, string? value) =>
        TimeSpan.FromSeconds(Positive(name, value, CommitSecondsMax));

    private static TimeSpan Duration(string name, string? value) => DurationText.Parse(value)
        ?? throw new MountOptionException($"{name}={value}: must be a duration such as 90m, 12h, 35d or 5w");

    private static MountOptions WithoutValue(MountOptions options, string name, string? value) =>
        value is null ? options : throw new MountOptionException($"{name}={value}: {name} takes no value");

    private static string Text(string name, string? value) =>
        string.IsNullOrEmpty(value) ? throw new MountOptionException($"{name}: a value is missing") : value;

    private static string Label(string name, string? value)
    {
        string text = Text(name, value);
        return ByteText.ByteCount(text) <= MountSpec.LabelBytesMax
            ? text
            : throw new MountOptionException($"{name}={text}: longer than {MountSpec.LabelBytesMax} bytes");
    }

    private static IReadOnlyList<string> Devices(string name, string? value)
    {
        string text = Text(name, value);
        MountSpec spec;
        try
        {
            spec = MountSpec.Parse(text);
        }
        catch (FormatException failure)
        {
            throw new MountOptionException($"{name}: {failure.Message}");
        }
        return spec.Label is null
            ? spec.Paths
            : throw new MountOptionException($"{name}={text}: devices only; the label goes into pfs=");
    }

    private static ulong Number(string name, string? value, ulong greatest)
    {
        string text = Text(name, value);
        if (!ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number)
            || number > greatest)
        {
            throw new MountOptionException($"{name}={text}: must be a number up to {greatest}");
        }
        return number;
    }

    private static ulong Positive(string name, string? value, ulong greatest)
    {
        ulong number = Number(name, value, greatest);
        return number > 0 ? number : throw new MountOptionException($"{name}={value}: must be at least 1");
    }

    private static uint Octal(string name, string? value)
    {
        string text = Text(name, value);
        uint mask = 0;
        foreach (char digit in text)
        {
            if (digit is < '0' or > '7' || text.Length > 5)
                throw new MountOptionException($"{name}={text}: must be octal, up to 0777");
            mask = (mask << 3) | (uint)(digit - '0');
        }
        return mask <= 0x1FF
            ? mask
            : throw new MountOptionException($"{name}={text}: must be octal, up to 0777");
    }

    // 4096, 64K, 256M, 2G: powers of 1024.
    private static long Size(string name, string? value)
    {
        string text = Text(name, value);
        int shift = char.ToUpperInvariant(text[^1]) switch
        {
            'K' => 10,
            'M' => 20,
            'G' => 30,
            'T' => 40,
            _ => 0,
        };
        ReadOnlySpan<char> digits = shift == 0 ? text : text.AsSpan(0, text.Length - 1);
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            || number > long.MaxValue >> shift)
        {
            throw new MountOptionException($"{name}={text}: must be a size such as 4096, 64K, 256M or 2G");
        }
        return number << shift;
    }

    private static long Memory(string name, string? value)
    {
        long bytes = Size(name, value);
        return bytes >= MemoryBytesMin
            ? bytes
            : throw new MountOptionException($"{name}={value}: must be at least 1M");
    }

    private static LogLevel Level(string name, string? value) => Text(name, value) switch
    {
        "trace" => LogLevel.Trace,
        "debug" => LogLevel.Debug,
        "info" => LogLevel.Information,
        "warning" => LogLevel.Warning,
        "error" => LogLevel.Error,
        "none" => LogLevel.None,
        _ => throw new MountOptionException(
            $"{name}={value}: must be one of trace, debug, info, warning, error, none"),
    };
}
