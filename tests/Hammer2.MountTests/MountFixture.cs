// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>
/// A mount on a new directory, made by the program in the background and unmounted at the end. Fails the test if
/// anything is left.
/// </summary>
internal sealed class MountFixture : IDisposable
{
    private const int UnmountTriesMax = 30;

    private readonly bool _ownsDirectory;
    private bool _isGone;

    private MountFixture(string target, bool ownsDirectory)
    {
        Root = target;
        _ownsDirectory = ownsDirectory;
    }

    /// <summary>The mount point.</summary>
    public string Root { get; }

    /// <summary>Mounts; fails the test with the program's message on an error.</summary>
    /// <param name="specs">Nodes, as on the command line.</param>
    /// <param name="options">What follows <c>-o ro,</c>: golden images must not change.</param>
    public static MountFixture Mount(IEnumerable<string> specs, string options = "ro") =>
        MountWith(specs, "ro," + options);

    /// <summary>Mounts a scratch image for writing.</summary>
    public static MountFixture MountForWriting(string spec, string options = "rw") =>
        MountWith([spec], "rw," + options);

    /// <summary>Mounts the nodes of a cluster for writing.</summary>
    public static MountFixture MountForWriting(IEnumerable<string> specs, string options = "rw") =>
        MountWith(specs, "rw," + options);

    private static MountFixture MountWith(IEnumerable<string> specs, string options)
    {
        string target = Directory.CreateTempSubdirectory("hammer2-mount-").FullName;
        ProgramResult result = HammerProgram.Run(["mount", .. specs, target, "-o", options]);
        Assert.True(result.ExitCode == 0, $"mount ended with {result.ExitCode}: {result.Error}");
        return new MountFixture(target, ownsDirectory: true);
    }

    /// <summary>Mounts a filesystem of one device or set of volumes.</summary>
    public static MountFixture Mount(string spec, string options = "ro") => Mount([spec], options);

    /// <summary>Wraps an existing mount.</summary>
    public static MountFixture Adopt(string target) => new(target, ownsDirectory: true);

    /// <summary>True while the system's table shows a mount on a directory.</summary>
    public static bool IsMounted(string target) => File.ReadLines("/proc/self/mountinfo")
        .Any(line => line.Split(' ')[4] == target);

    /// <summary>The line of the table of mounts for a directory.</summary>
    public static string TableLine(string target) => File.ReadLines("/proc/self/mountinfo")
        .Single(line => line.Split(' ')[4] == target);

    /// <summary>The process that serves this mount.</summary>
    public int ServerNumber => Assert.Single(HammerProgram.ServersOf(Root));

    /// <summary>Waits until the daemon has ended after an unmount by other means, and checks that nothing is
    /// left.</summary>
    public void AssertGone()
    {
        HammerProgram.WaitUntil(() => !IsMounted(Root), "the mount to go away");
        HammerProgram.WaitUntil(() => HammerProgram.ServersOf(Root).Count == 0, "the process to end");
        _isGone = true;
    }

    /// <summary>Unmounts, where the process that serves this mount goes on with others.</summary>
    public void UnmountAlone()
    {
        ProgramResult result = HammerProgram.RunAny("umount", Root);
        Assert.True(result.ExitCode == 0, $"umount: {result.Error}");
        HammerProgram.WaitUntil(() => !IsMounted(Root), "the mount to go away");
        _isGone = true;
    }

    /// <summary>Unmounts.</summary>
    public void Dispose()
    {
        if (!_isGone)
        {
            ProgramResult result = Unmount();
            if (result.ExitCode != 0) TakeAway();
            Assert.True(result.ExitCode == 0,
                $"umount: {result.Error} (a test that failed with a file open is hidden by this)");
            AssertGone();
        }
        if (_ownsDirectory) Directory.Delete(Root);
    }

    // A process that another test starts holds copies of all open files until it executes its program.
    private ProgramResult Unmount()
    {
        for (int tries = 0; ; tries++)
        {
            ProgramResult result = HammerProgram.RunAny("umount", Root);
            bool isBusy = result.Error.Contains("busy", StringComparison.Ordinal);
            if (result.ExitCode == 0 || !isBusy || tries == UnmountTriesMax) return result;
            System.Threading.Thread.Sleep(100);
        }
    }

    // A test that fails with a file open must not keep the process, and with it the disks that this process serves.
    private void TakeAway()
    {
        foreach (int server in HammerProgram.ServersOf(Root)) HammerProgram.RunAny("kill", "-KILL", $"{server}");
        _ = HammerProgram.RunAny("umount", "-l", Root);
    }

    /// <summary>Sends a signal to the serving process.</summary>
    public void Signal(string name)
    {
        using Process process = Process.GetProcessById(ServerNumber);
        ProgramResult result = HammerProgram.RunAny("kill", "-" + name, process.Id.ToString(
            System.Globalization.CultureInfo.InvariantCulture));
        Assert.True(result.ExitCode == 0, "kill: " + result.Error);
    }
}
