// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using System.Text;
using Hammer2.Cluster;
using Hammer2.Format;
using Hammer2.Fuse;

namespace Hammer2.Fuzz.Targets;

/// <summary>Text that root, fstab and users give to a mount.</summary>
/// <remarks>Input: a byte that is odd to pass over unknown options, and UTF-8: lines of options, of which the first is
/// taken for the name of a filesystem as well.</remarks>
internal static class MountTextTarget
{
    /// <summary>Reads the options and the name.</summary>
    public static void Run(ReadOnlySpan<byte> input)
    {
        var reader = new InputReader(input);
        bool isSloppy = (reader.Byte() & 1) != 0;
        string[] lines = Encoding.UTF8.GetString(reader.Rest).Split('\n');
        CheckOptions(lines, isSloppy);
        CheckSpec(lines[0]);
    }

    private static void CheckOptions(string[] lists, bool isSloppy)
    {
        MountOptions? options = TryParse(lists, isSloppy);
        string[] others = [.. MountOptionParser.WithoutWishToWrite(lists)];
        MountOptions? withoutWish = TryParse(others, isSloppy);
        Property.Holds(withoutWish is null == options is null,
            "ro and rw can be removed from every valid list, and from no invalid one");
        if (options is null) return;

        // Lists are compared by themselves: a record compares their references.
        bool hasSameDevices = withoutWish!.Devices.SelectMany(devices => devices)
            .SequenceEqual(options.Devices.SelectMany(devices => devices));
        Property.Holds(hasSameDevices
            && withoutWish with { Devices = [] } == options with { AsksForWriting = false, Devices = [] },
            "without rw, all but the wish to write is the same");
        Property.Holds(options.ThreadsTotal is null or >= 1 and <= 256, "threads are in range");
        Property.Holds(options.MemoryBytes is null or >= 1 << 20, "caches have a least size");
        Property.Holds(options.ReadAheadBytes is null or >= 0, "read-ahead is not negative");
        Property.Holds(options.Offset is null or >= 0, "an offset is not negative");
        Property.Holds(options.Umask is null or <= 0x1FF, "a mask has nine bits");
        Property.Holds(options.Devices.All(devices => devices.Count > 0), "an option for devices names one");
        double seconds = options.CommitInterval.TotalSeconds;
        Property.Holds(seconds is >= 1 and <= 86400, "commits come at least daily");
        Property.Holds(options.IsReadOnly != options.AsksForWriting || !options.IsReadOnly,
            "nothing is both ro and rw");
    }

    private static MountOptions? TryParse(string[] lists, bool isSloppy)
    {
        try
        {
            return MountOptionParser.Parse(lists, isSloppy);
        }
        catch (MountOptionException)
        {
            return null;
        }
    }

    private static void CheckSpec(string text)
    {
        if (text.Length == 0) return;       // callers give no empty word
        MountSpec spec;
        try
        {
            spec = MountSpec.Parse(text, static _ => false);
        }
        catch (FormatException)
        {
            return;
        }
        Property.Holds(spec.Paths.Count > 0 && spec.Paths.All(path => path.Length > 0), "a name has a device");
        int labelBytes = Encoding.UTF8.GetByteCount(spec.Label ?? MountSpec.DefaultLabel);
        Property.Holds(labelBytes is > 0 and <= Media.NameBytesMax, "a label has 1 to 255 bytes");
        string again = string.Join(':', spec.Paths.Select(Escape)) + (spec.Label is null ? "" : "@" + spec.Label);
        var second = MountSpec.Parse(again, static _ => false);
        Property.Holds(second.Paths.SequenceEqual(spec.Paths) && second.Label == spec.Label,
            "a name can be written so that it reads the same");
    }

    private static string Escape(string path) => path.Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace(":", "\\:", StringComparison.Ordinal).Replace("@", "\\@", StringComparison.Ordinal);
}
