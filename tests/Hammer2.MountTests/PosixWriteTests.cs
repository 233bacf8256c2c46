// SPDX-License-Identifier: BSD-3-Clause

using System.IO;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>A HAMMER2 mount for writing, with the kernel's writeback cache.</summary>
public class WritableMount : IDisposable
{
    private readonly ScratchImage? _image;
    private readonly MountFixture? _mount;

    /// <summary>Mounts.</summary>
    public WritableMount()
        : this("writeback")
    {
    }

    /// <summary>Mounts with an option.</summary>
    protected WritableMount(string option)
    {
        if (MountConditions.WhyNot is not null) return;     // every test of the class is skipped
        _image = new ScratchImage("empty-mounted");
        _mount = MountFixture.MountForWriting(_image.Path + "@DATA", option);
    }

    /// <summary>An empty directory on it.</summary>
    public string NewDirectory() => Directory.CreateDirectory($"{_mount!.Root}/{Guid.NewGuid():N}").FullName;

    /// <summary>Unmounts.</summary>
    public void Dispose()
    {
        _mount?.Dispose();
        _image?.Dispose();
        GC.SuppressFinalize(this);
    }
}

/// <summary>A HAMMER2 mount for writing without the writeback cache.</summary>
public sealed class WriteThroughMount() : WritableMount("nowriteback");

/// <summary>A tmpfs.</summary>
public sealed class ControlMount : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("hammer2-posix-").FullName;

    /// <summary>Mounts.</summary>
    public ControlMount()
    {
        if (PosixCalls.EffectiveUser() == 0)
            HostProgram.Run("mount", "-t", "tmpfs", "-o", "size=256m", "hammer2-posix", _root);
    }

    /// <summary>An empty directory on it.</summary>
    public string NewDirectory() => Directory.CreateDirectory($"{_root}/{Guid.NewGuid():N}").FullName;

    /// <summary>Unmounts.</summary>
    public void Dispose()
    {
        if (PosixCalls.EffectiveUser() == 0) HostProgram.Run("umount", _root);
        Directory.Delete(_root);
    }
}

/// <summary>The list of behaviours with the kernel's writeback cache.</summary>
public sealed class PosixWriteTests(WritableMount mount) : IClassFixture<WritableMount>
{
    /// <summary>The sentences of the list.</summary>
    public static TheoryData<string> Sentences
    {
        get
        {
            var sentences = new TheoryData<string>();
            foreach (PosixBehaviour<string> behaviour in PosixWriteList.All) sentences.Add(behaviour.Sentence);
            return sentences;
        }
    }

    [MountTheory, MemberData(nameof(Sentences))]
    public void On_hammer2(string sentence) => PosixWriteList.Find(sentence).Try(mount.NewDirectory());
}

/// <summary>The list of behaviours without it.</summary>
public sealed class PosixWriteThroughTests(WriteThroughMount mount) : IClassFixture<WriteThroughMount>
{
    /// <summary>The sentences of the list.</summary>
    public static TheoryData<string> Sentences => PosixWriteTests.Sentences;

    [MountTheory, MemberData(nameof(Sentences))]
    public void On_hammer2(string sentence) => PosixWriteList.Find(sentence).Try(mount.NewDirectory());
}

/// <summary>The control: each behaviour of the list is what Linux's own tmpfs does.</summary>
public sealed class PosixWriteControlTests(ControlMount control) : IClassFixture<ControlMount>
{
    /// <summary>The sentences of the list.</summary>
    public static TheoryData<string> Sentences => PosixWriteTests.Sentences;

    [RootTheory, MemberData(nameof(Sentences))]
    public void On_tmpfs(string sentence) => PosixWriteList.Find(sentence).Try(control.NewDirectory());
}
