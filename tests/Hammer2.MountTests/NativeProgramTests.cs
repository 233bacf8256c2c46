// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>What keeps a cold start of the native program short (layout.ld); nobody would notice that it is gone.
/// </summary>
public sealed partial class NativeProgramTests
{
    private const long PageBytes = 4096;

    [NativeFact]
    public void Starting_it_touches_nothing_but_its_first_pages()
    {
        List<Segment> segments = [.. Segments()];
        Segment dynamic = Assert.Single(segments, segment => segment.Kind == "DYNAMIC");
        Assert.Equal(1, dynamic.Offset / PageBytes);
        Segment padded = Assert.Single(segments, segment => segment.Kind == "LOAD" && segment.Memory > segment.Bytes);
        Assert.Equal(0, (padded.Offset + padded.Bytes) % PageBytes);
        Segment sealedLater = Assert.Single(segments, segment => segment.Kind == "GNU_RELRO");
        Assert.True(sealedLater.Offset <= dynamic.Offset && dynamic.Offset < sealedLater.Offset + sealedLater.Bytes);
    }

    [NativeFact]
    public void It_loads_the_C_library_alone()
    {
        string[] needed = [.. NeededLibrary().Matches(ReadElf("-d")).Select(match => match.Groups[1].Value)];
        Assert.All(needed, name => Assert.Matches("^(libc[.]|ld-linux)", name));
        Assert.NotEmpty(needed);
    }

    /// <summary>Names change with the code: from time to time the list is to be written anew.</summary>
    [NativeFact]
    public void Most_functions_that_a_mount_is_known_to_call_exist()
    {
        string path = Path.Combine(Path.GetDirectoryName(HammerProgram.ProgramPath)!, "publish", "hammer2.dbg");
        string[] symbols = Ask("nm", "--defined-only", path).Split('\n');
        HashSet<string> existing = [.. symbols.Select(line => line.Split(' ')[^1])];
        string[] names = File.ReadAllLines(RepositoryRoot.Below("tools", "hammer2", "Native", "mount.order"));
        int missing = names.Count(name => !existing.Contains(name));
        Assert.True(missing * 5 < names.Length,
            $"{missing} of the {names.Length} names in mount.order are gone: run eng/mount-order");
    }

    private static string ReadElf(string question) => Ask("readelf", "-W", question, HammerProgram.ProgramPath);

    private static string Ask(string program, params string[] words)
    {
        ProgramResult result = HammerProgram.RunAny(program, words);
        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);
        return result.Output;
    }

    private static IEnumerable<Segment> Segments()
        => ProgramHeader().Matches(ReadElf("-l")).Select(match => new Segment(match.Groups[1].Value,
            Number(match.Groups[2]), Number(match.Groups[3]), Number(match.Groups[4])));

    private static long Number(Group digits)
        => long.Parse(digits.Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^ +([A-Z_]+) +0x([0-9a-f]+) 0x[0-9a-f]+ 0x[0-9a-f]+ 0x([0-9a-f]+) 0x([0-9a-f]+) ",
        RegexOptions.Multiline)]
    private static partial Regex ProgramHeader();

    [GeneratedRegex(@"\(NEEDED\).*\[(.*)\]")]
    private static partial Regex NeededLibrary();

    private sealed record Segment(string Kind, long Offset, long Bytes, long Memory);
}
