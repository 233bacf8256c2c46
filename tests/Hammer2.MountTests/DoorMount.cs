// SPDX-License-Identifier: BSD-3-Clause

using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>A mount that requests are made of, through the control file and by commands.</summary>
internal sealed class DoorMount(MountFixture mount, string directory)
{
    private const short PollIn = 1;

    /// <summary>The mount point.</summary>
    public string Root => mount.Root;

    /// <summary>A directory for files of the test.</summary>
    public string Directory => directory;

    /// <summary>Names the door, the directory and the mount in a text of a case.</summary>
    public string Text(string text, string door) =>
        string.Format(CultureInfo.InvariantCulture, text, door, directory, Root);

    /// <summary>Writes a request to the control file and reads the answer to its end.</summary>
    /// <param name="request">The line, or the JSON.</param>
    /// <param name="user">The user that writes; the file was opened by root.</param>
    /// <returns>The error of the write, and the answer.</returns>
    public (int Error, string Answer) Ask(string request, uint user = 0)
    {
        using PosixFile control = PosixTree.Open(Root + "/.hammer2/control", PosixCalls.ReadWrite);
        long written;
        using (PosixCalls.ActAs(user, user))
            written = PosixCalls.Write(control.Id, System.Text.Encoding.UTF8.GetBytes(request));
        string answer = Read(control);
        while (answer.StartsWith("running", StringComparison.Ordinal)
            || answer.Contains("\"state\":\"running\"", StringComparison.Ordinal))
        {
            _ = PosixCalls.Poll(control.Id, PollIn, HammerProgram.PatienceMilliseconds);
            answer = Read(control);
        }
        return (written < 0 ? (int)-written : 0, answer);
    }

    /// <summary>The result of a request that is carried out.</summary>
    public JsonElement Query(string request)
    {
        (_, string answer) = Ask("{\"request\":\"" + request + "\"}");
        using JsonDocument document = JsonDocument.Parse(answer);
        Assert.True(document.RootElement.GetProperty("errno").GetInt32() == 0, answer);
        return document.RootElement.GetProperty("result").Clone();
    }

    /// <summary>Labels and types of the PFSs that have a word in their labels, each door's word as a star.</summary>
    public string Pfss(string word, string door) => string.Join(' ', Query("pfs-list").GetProperty("pfs")
        .EnumerateArray()
        .Select(pfs => pfs.GetProperty("label").GetString() + ":" + pfs.GetProperty("type").GetString())
        .Where(text => text.Contains(word, StringComparison.Ordinal))
        .Select(text => text.Replace(door, "*", StringComparison.Ordinal)).Order(StringComparer.Ordinal));

    /// <summary>States of the members.</summary>
    public string Members() => string.Join(' ', Query("cluster-list").GetProperty("members").EnumerateArray()
        .Select(member => member.GetProperty("role").GetString() + ":" + member.GetProperty("state").GetString())
        .Order(StringComparer.Ordinal));

    /// <summary>Waits until so many members are synced.</summary>
    public void AwaitSynced(int total) => HammerProgram.WaitUntil(
        () => Members().Split(' ').Count(member => member.EndsWith(":Synced", StringComparison.Ordinal)) == total,
        $"{total} nodes to be level");

    /// <summary>Waits until a slave has done its step: amid it, it cannot be promoted. The next one comes five seconds
    /// later.</summary>
    public void AwaitAtRest() => HammerProgram.WaitUntil(
        () => Members().Contains("Slave:Passive", StringComparison.Ordinal), "the slave to be at rest");

    /// <summary>Runs a command that must succeed.</summary>
    public static void Do(params string[] words)
    {
        ProgramResult result = HammerProgram.Run(words);
        Assert.True(result.ExitCode == 0, string.Join(' ', words) + ": " + result.Error);
    }

    /// <summary>The path of a file of the test.</summary>
    public string PathOf(string name) => Path.Combine(directory, name);

    private static string Read(PosixFile control)
    {
        var answer = new MemoryStream();
        byte[] room = new byte[65536];
        while (true)
        {
            long count = PosixCalls.Read(control.Id, room);
            Assert.True(count >= 0, $"read of the control file: errno {-count}");
            if (count == 0) return System.Text.Encoding.UTF8.GetString(answer.ToArray());
            answer.Write(room, 0, (int)count);
        }
    }
}
