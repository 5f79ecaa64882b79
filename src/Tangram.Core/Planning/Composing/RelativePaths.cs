using Tangram.Model;

namespace Tangram.Planning.Composing;

/// <summary>Paths that a file in another folder gives are relative to that file: made absolute before its services come
/// to stand in ours.</summary>
internal static class RelativePaths
{
    public static Tree Absolute(Tree root, string folder) => Gateway(Each(Each(Each(root, "services", service =>
        On(On(On(On(service, "working_dir", path => Of(path, folder)),
            "x-tangram", own => On(On(own, "files", path => Of(path, folder)), "degrade", degrade =>
                On(degrade, "response", answer => On(answer, "file", path => Of(path, folder))))),
            "env_file", paths => EnvPaths(paths, folder)),
            "label_file", paths => EnvPaths(paths, folder))),
        "configs", config => On(config, "file", path => Of(path, folder))),
        "secrets", secret => On(secret, "file", path => Of(path, folder))), folder);

    private static Tree Gateway(Tree root, string folder) => On(root, "x-tangram", own => On(own, "gateway", gateway =>
        On(On(On(gateway, "client_ca", path => FileOrSecret(path, folder)), "access_log", log => LogPath(log, folder)),
            "certificates", all => all is not Tree.List list ? all : new Tree.List(list.Place, [.. list.Items.Select(
                pair => On(On(pair, "cert", path => FileOrSecret(path, folder)), "key",
                    path => FileOrSecret(path, folder)))]))));

    private static Tree FileOrSecret(Tree tree, string folder) =>
        tree is Tree.Scalar { Text: var text } && SecretReference.NameIn(text) is not null ? tree : Of(tree, folder);

    private static Tree LogPath(Tree log, string folder) => log switch
    {
        Tree.Map => On(log, "path", path => Of(path, folder)),
        Tree.Scalar { Text: var text } when RecordsReader.IsFlag(text) => log,
        _ => Of(log, folder),
    };

    private static Tree EnvPaths(Tree tree, string folder) => tree switch
    {
        Tree.List list => new Tree.List(list.Place, [.. list.Items.Select(item => EnvPaths(item, folder))]),
        Tree.Map => On(tree, "path", path => Of(path, folder)),
        _ => Of(tree, folder),
    };

    private static Tree Of(Tree tree, string folder) =>
        tree is Tree.Scalar { IsNull: false, Text: var text } && !text.StartsWith('~') && !Path.IsPathRooted(text)
            ? new Tree.Scalar(tree.Place, Path.GetFullPath(text, folder), quoted: true)
            : tree;

    private static Tree Each(Tree tree, string key, Func<Tree, Tree> change) => On(tree, key, value =>
        value is Tree.Map map
            ? new Tree.Map(map.Place, [.. map.Entries.Select(e => new Tree.Entry(e.Key, change(e.Value)))])
            : value);

    private static Tree On(Tree tree, string key, Func<Tree, Tree> change) =>
        tree is Tree.Map map && map.Entries.Any(e => e.Key.Text == key)
            ? new Tree.Map(map.Place,
                [.. map.Entries.Select(e => e.Key.Text == key ? new Tree.Entry(e.Key, change(e.Value)) : e)])
            : tree;
}
