// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Text.Json;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>Goal: requests of a real mount are followed as they are served, and nothing follows those of the reader.
/// Method: the command runs beside programs that use the mount.</summary>
public sealed class TraceMountTests
{
    [MountFact]
    public void Requests_are_followed_with_path_position_and_process()
    {
        using var image = new PfsImage("256m", "A");
        using MountFixture live = MountFixture.MountForWriting(image.Path + "@A");
        Directory.CreateDirectory(live.Root + "/dir");
        using Process tracer = Start(live, "--json");
        WaitUntilTraced(tracer, live);
        File.WriteAllBytes(live.Root + "/dir/file", new byte[100_000]);
        Assert.Equal(0, HammerProgram.RunAny("sync", live.Root + "/dir/file").ExitCode);
        Assert.NotEqual(0, HammerProgram.RunAny("cat", live.Root + "/dir/missing").ExitCode);
        List<JsonElement> lines = LinesUntil(tracer, line =>
            line.GetProperty("operation").GetString() == "Lookup" && NameOf(line) == "missing");
        JsonElement missing = lines[^1];
        Assert.Equal(("/dir", "ENOENT", 0u), (missing.GetProperty("path").GetString(),
            missing.GetProperty("error").GetString(), missing.GetProperty("uid").GetUInt32()));
        Assert.Contains(lines, line => line.GetProperty("operation").GetString() == "Create"
            && NameOf(line) == "file" && line.GetProperty("pid").GetInt32() > 0);
        Assert.Contains(lines, line => line.GetProperty("operation").GetString() == "Write"
            && line.GetProperty("path").GetString() == "/dir/file" && line.GetProperty("position").GetInt64() == 0);
        Assert.Contains(lines, line => line.GetProperty("operation").GetString() == "FSync");
        tracer.Kill();
        tracer.WaitForExit();
    }

    [MountFact]
    public void A_filter_and_a_count_end_the_command_and_a_mount_at_rest_has_no_lines()
    {
        using var image = new PfsImage("256m", "A");
        using MountFixture live = MountFixture.MountForWriting(image.Path + "@A");
        using Process tracer = Start(live, "--operation", "mkdir", "--count", "2");
        using Process all = Start(live, "--json");
        WaitUntilTraced(all, live);
        HammerProgram.WaitUntil(() =>
        {
            Directory.CreateDirectory(live.Root + "/" + Path.GetRandomFileName());
            return tracer.HasExited;
        }, "the end of the trace");
        string[] shown = tracer.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal((0, 2), (tracer.ExitCode, shown.Length));
        Assert.All(shown, line => Assert.Contains(" MkDir ", line, StringComparison.Ordinal));

        // Its own readings are not followed by further ones: the counts of reads end.
        string marker = Path.GetRandomFileName();
        Directory.CreateDirectory(live.Root + "/" + marker);
        List<JsonElement> lines = LinesUntil(all, line => NameOf(line) == marker
            && line.GetProperty("operation").GetString() == "MkDir");
        Assert.DoesNotContain(lines, line => line.GetProperty("operation").GetString() is "Read" or "Poll");
        all.Kill();
        all.WaitForExit();
        Assert.Equal(2, HammerProgram.Run("trace", live.Root, "--operation", "Nothing").ExitCode);
        Assert.Equal(2, HammerProgram.Run("trace", live.Root, "--slower-than", "soon").ExitCode);
        ProgramResult stranger = HammerProgram.RunAny("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
            "--", "cat", live.Root + "/.hammer2/trace");
        Assert.NotEqual(0, stranger.ExitCode);
    }

    private static Process Start(MountFixture live, params string[] words) =>
        HammerProgram.Start(HammerProgram.ProgramPath, ["trace", live.Root, .. words]);

    // The command has opened the file when it prints a first line.
    private static void WaitUntilTraced(Process tracer, MountFixture live)
    {
        var first = tracer.StandardOutput.ReadLineAsync();
        HammerProgram.WaitUntil(() =>
        {
            _ = File.Exists(live.Root + "/" + Path.GetRandomFileName());
            return first.IsCompleted;
        }, "a first line");
        Assert.NotNull(first.Result);
    }

    private static List<JsonElement> LinesUntil(Process tracer, Func<JsonElement, bool> isLast)
    {
        var lines = new List<JsonElement>();
        while (true)
        {
            var next = tracer.StandardOutput.ReadLineAsync();
            Assert.True(next.Wait(HammerProgram.PatienceMilliseconds), "no further line");
            Assert.NotNull(next.Result);
            using JsonDocument line = JsonDocument.Parse(next.Result);
            lines.Add(line.RootElement.Clone());
            if (isLast(lines[^1])) return lines;
        }
    }

    private static string? NameOf(JsonElement line) =>
        line.TryGetProperty("name", out JsonElement name) ? name.GetString() : null;
}
