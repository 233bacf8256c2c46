// SPDX-License-Identifier: BSD-3-Clause

using System.IO;
using System.Linq;
using Hammer2.Devices;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>A new filesystem in a file, with PFSs of labels, made by the program and deleted in the end.</summary>
internal sealed class PfsImage : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("hammer2-pfs-").FullName;

    /// <summary>Makes it.</summary>
    public PfsImage(string size, params string[] labels)
    {
        Path = System.IO.Path.Combine(_directory, "pfs.img");
        string[] words = ["newfs", "-s", size, .. labels.SelectMany(label => (string[])["-L", label]), Path];
        ProgramResult result = HammerProgram.Run(words);
        Assert.True(result.ExitCode == 0, result.Error);
    }

    /// <summary>Where it lies.</summary>
    public string Path { get; }

    /// <summary>Waits until no process has it open, and checks it.</summary>
    public void AssertFreeAndClean()
    {
        WaitUntilFree();
        ProgramResult fsck = HammerProgram.Run("fsck", Path);
        Assert.True(fsck.ExitCode == 0, fsck.Output + fsck.Error);
    }

    /// <summary>Waits until no process has it open.</summary>
    public void WaitUntilFree()
    {
        var options = new FileBlockDeviceOptions(
            IsReadOnly: false, LockWaitMilliseconds: HammerProgram.PatienceMilliseconds);
        FileBlockDevice.Open(Path, options).Dispose();
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
