// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using System.Text.RegularExpressions;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>How the native program is linked, as packages of distributions expect it.</summary>
public sealed partial class NativeProgramTests
{
    [NativeFact]
    public void The_program_is_position_independent()
    {
        Assert.Matches(@"Type: +DYN \(Position-Independent Executable file\)", ReadElf("-h"));
        Assert.Matches(@"\(FLAGS_1\).*\bPIE\b", ReadElf("-d"));
    }

    [NativeFact]
    public void The_program_has_full_RELRO_and_a_stack_that_is_not_executable()
    {
        string segments = ReadElf("-l");
        Assert.Contains("GNU_RELRO", segments, StringComparison.Ordinal);
        Assert.Matches(@"GNU_STACK +(0x[0-9a-f]+ +){5}RW +0x", segments);
        Assert.Matches(@"\(FLAGS_1\).*\bNOW\b", ReadElf("-d"));
    }

    [NativeFact]
    public void The_program_needs_only_libraries_of_the_C_library()
    {
        string[] needed = [.. NeededLibrary().Matches(ReadElf("-d")).Select(match => match.Groups[1].Value)];
        Assert.All(needed, name => Assert.Matches("^(libc[.]|libm[.]|ld-linux)", name));
        Assert.NotEmpty(needed);
    }

    private static string ReadElf(string question)
    {
        ProgramResult result = HammerProgram.RunAny("readelf", ["-W", question, HammerProgram.ProgramPath]);
        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);
        return result.Output;
    }

    [GeneratedRegex(@"\(NEEDED\).*\[(.*)\]")]
    private static partial Regex NeededLibrary();
}
