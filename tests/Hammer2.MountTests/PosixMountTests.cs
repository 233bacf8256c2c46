// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.IO;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>
/// The four golden images of <see cref="PosixTree"/>, each mounted in a directory of its name.
/// </summary>
public sealed class PosixMountedTree : IDisposable
{
    private readonly List<MountFixture> _mounts = [];

    /// <summary>Mounts all of them.</summary>
    public PosixMountedTree()
    {
        Root = Directory.CreateTempSubdirectory("hammer2-posix-").FullName;
        foreach ((string image, string label) in PosixTree.Images)
        {
            string target = Directory.CreateDirectory(Path.Combine(Root, image)).FullName;
            ProgramResult result = HammerProgram.Run(
                ["mount", $"{GoldenImage.Path(image)}@{label}", target, "-o", "ro"]);
            Assert.True(result.ExitCode == 0, $"mount of {image}: {result.Error}");
            _mounts.Add(MountFixture.Adopt(target));
        }
    }

    /// <summary>Where the directories are.</summary>
    public string Root { get; }

    /// <summary>Unmounts all.</summary>
    public void Dispose()
    {
        foreach (MountFixture mount in _mounts) mount.Dispose();
        Directory.Delete(Root);
    }
}

/// <summary>
/// The list of behaviours on a HAMMER2 mount; <see cref="PosixControlTests"/> is its control.
/// </summary>
public sealed class PosixMountTests(PosixMountedTree mounted) : IClassFixture<PosixMountedTree>
{
    /// <summary>The sentences of the list.</summary>
    public static TheoryData<string> Sentences => PosixControlTests.Sentences;

    // File handles and O_NOATIME on others' files need root, as does an unchanged owner of what is shown.
    [RootTheory, MemberData(nameof(Sentences))]
    public void On_hammer2(string sentence) => PosixReadList.Find(sentence).Try(new PosixTree(mounted.Root));
}
