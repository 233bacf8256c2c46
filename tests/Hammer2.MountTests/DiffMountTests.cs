// SPDX-License-Identifier: BSD-3-Clause

using System.IO;
using System.Linq;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>Goal: a mounted PFS is compared with its snapshots as it is at the moment. Method: the program, beside the
/// mount.</summary>
public sealed class DiffMountTests
{
    [MountFact]
    public void A_mount_is_compared_as_of_now()
    {
        using var image = new PfsImage("256m", "A");
        using MountFixture live = MountFixture.MountForWriting(image.Path + "@A");
        _ = Directory.CreateDirectory(live.Root + "/d");
        File.WriteAllText(live.Root + "/d/changed", "before");
        File.WriteAllText(live.Root + "/d/renamed", "same");
        Assert.Equal(0, HammerProgram.Run("snapshot", live.Root, "s1").ExitCode);
        Assert.Equal((0, ""), Diff(live.Root + "@s1", live.Root + "/d"));
        // Not committed when the command begins.
        File.WriteAllText(live.Root + "/d/changed", "after!");
        File.Move(live.Root + "/d/renamed", live.Root + "/other");
        File.WriteAllText(live.Root + "/d/added", "new");
        (int code, string text) = Diff(live.Root + "@s1", live.Root);
        Assert.Equal(1, code);
        Assert.Equal(
            ["+ -- /d/added", "M -a /", "M -a /d", "M ca /d/changed", "R -- /d/renamed -> /other"],
            text.TrimEnd('\n').Split('\n').Order(StringComparer.Ordinal));
        Assert.Equal((code, text), Diff(live.Root + "/d@s1"));
        Assert.Equal(3, Diff(Path.GetTempPath() + "@s1", live.Root).Code);
    }

    private static (int Code, string Text) Diff(params string[] words)
    {
        ProgramResult result = HammerProgram.Run(["diff", .. words]);
        return (result.ExitCode, result.Output);
    }
}
