// SPDX-License-Identifier: BSD-3-Clause

using System.IO;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>Goal: the page of a mount has what only a mount knows, and snapshots of any label. Method: the command on a
/// real mount, while it is used.</summary>
public sealed class ReportMountTests
{
    [MountFact]
    public void A_page_of_a_mount_has_its_requests_events_and_snapshots()
    {
        using var image = new PfsImage("256m", "A");
        string file = image.Path + ".html";
        try
        {
            using MountFixture live = MountFixture.MountForWriting(image.Path + "@A");
            File.WriteAllText(live.Root + "/file", new string('a', 300_000));
            Assert.Equal(0, HammerProgram.Run("snapshot", live.Root, "<script>\u202E\"'\n").ExitCode);
            ProgramResult made = HammerProgram.Run("report", live.Root, "-o", file);
            Assert.True(made.ExitCode == 0, made.Error);
            string page = File.ReadAllText(file);
            Assert.StartsWith("<!DOCTYPE html>", page, StringComparison.Ordinal);
            Assert.EndsWith("</html>", page, StringComparison.Ordinal);
            Assert.Contains(">&lt;script&gt;\\xe2\\x80\\xae\"'\\x0a</td>", page, StringComparison.Ordinal);
            Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
            Assert.Contains("<td>Lookup</td>", page, StringComparison.Ordinal);
            Assert.Contains("request snapshot of user 0 is done", page, StringComparison.Ordinal);
            Assert.Contains("<td>lz4</td>", page, StringComparison.Ordinal);
            string printed = HammerProgram.Run("report", "--quick", live.Root).Output;
            Assert.EndsWith("</html>", printed, StringComparison.Ordinal);
            Assert.DoesNotContain("id=\"trees\"", printed, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
